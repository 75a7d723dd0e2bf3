#include "app/options.h"

#include <fmt/format.h>
#include <getopt.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>

#include "base/log.h"
#include "base/paths.h"

namespace innkeeper::app {

namespace {

void print_usage(const Program& program, const char* called) {
    const bool system = ::geteuid() == 0;
    const Paths paths = Paths::standard(system ? Paths::Privilege::system : Paths::Privilege::user);
    fmt::print(stderr, R"(
Usage:
  {0} [options]

Options:
  -h | --help            Display program help
  -v | --verbose         Verbose messages
  -d | --daemon          Run as a daemon & write PID file
{4}  -t | --timeout <secs>  Exit after timeout period
  -f | --config <file>   Configuration file
  -V | --version         Display version information
  -p | --pid-file <file> Change name of PID file
       --root <dir>      Keep every file and socket below this folder

libvirt {6} daemon:

  Default paths:

    Configuration file (unless overridden by -f):
      {1}/{5}

    Sockets:
      {2}/{3}
)",
               called, paths.config(), paths.state(), program.socket_file(),
               program.ip == Program::Ip::if_told ? "  -l | --listen          Listen for TCP/IP connections\n" : "",
               program.config_file(),
               program.has(Part::log)    ? "log management"
               : program.has(Part::lock) ? "lock management"
                                         : "management");
    if (system && !program.is_helper()) fmt::print(stderr, "      {}/{}\n", paths.state(), program.ro_socket_file());
    if (system && program.ip != Program::Ip::never)
        fmt::print(stderr, R"(
    TLS:
      CA certificate: /etc/pki/CA/cacert.pem
      Server certificate: /etc/pki/libvirt/servercert.pem
      Server private key: /etc/pki/libvirt/private/serverkey.pem
)");
    fmt::print(stderr, R"(
    PID file (unless overridden by -p):
      {}

)",
               paths.pid_file(program.name));
}

std::optional<unsigned> parse_timeout(std::string_view text) {
    unsigned value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value > INT_MAX / 1000)
        return std::nullopt;
    return value;
}

}  // namespace

Options::Parsed Options::parse(const Program& program, int argc, char** argv) {
    enum { root_option = 256, sample_option };
    static const std::array<option, 11> known{{{"verbose", no_argument, nullptr, 'v'},
                                               {"daemon", no_argument, nullptr, 'd'},
                                               {"listen", no_argument, nullptr, 'l'},
                                               {"config", required_argument, nullptr, 'f'},
                                               {"timeout", required_argument, nullptr, 't'},
                                               {"pid-file", required_argument, nullptr, 'p'},
                                               {"version", no_argument, nullptr, 'V'},
                                               {"help", no_argument, nullptr, 'h'},
                                               {"root", required_argument, nullptr, root_option},
                                               {"print-sample-config", no_argument, nullptr, sample_option},
                                               {nullptr, 0, nullptr, 0}}};
    Parsed parsed;
    Options& options = parsed.options;
    for (;;) {
        const int c = ::getopt_long(argc, argv, "vdlf:p:t:Vh", known.data(), nullptr);
        if (c == -1) break;
        switch (c) {
            case 'v':
                options.verbose = true;
                break;
            case 'd':
                options.daemonize = true;
                break;
            case 'l':
                if (program.ip != Program::Ip::if_told) {
                    print_usage(program, argv[0]);
                    parsed.exit_status = 1;
                    return parsed;
                }
                options.listen = true;
                break;
            case 'f':
                options.config = optarg;
                break;
            case 'p':
                options.pid_file = optarg;
                break;
            case 't':
                if (const auto timeout = parse_timeout(optarg)) {
                    options.timeout = *timeout;
                } else {
                    log::error("Invalid value for timeout");
                    parsed.exit_status = 1;
                    return parsed;
                }
                break;
            case root_option:
                options.root = optarg;
                while (options.root.ends_with('/')) options.root.pop_back();
                if (!options.root.starts_with('/')) {
                    log::error("The root directory must be an absolute path");
                    parsed.exit_status = 1;
                    return parsed;
                }
                break;
            case sample_option:
                options.print_sample = true;
                break;
            case 'V':
                fmt::print("{} (libvirt) 9.0.0\n", argv[0]);
                parsed.exit_status = 0;
                return parsed;
            case 'h':
                print_usage(program, argv[0]);
                parsed.exit_status = 0;
                return parsed;
            default:
                print_usage(program, argv[0]);
                parsed.exit_status = 1;
                return parsed;
        }
    }
    if (optind != argc) {
        fmt::print(stderr, "{}: unexpected, non-option, command line arguments\n", argv[0]);
        print_usage(program, argv[0]);
        parsed.exit_status = 1;
    }
    return parsed;
}

}  // namespace innkeeper::app
