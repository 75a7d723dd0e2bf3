// libvirt-guests: lets guests go down with their host and come up with it, over the daemon's ordinary interface.

#include <fmt/format.h>
#include <getopt.h>

#include <array>
#include <charconv>
#include <csignal>
#include <string_view>

#include "base/error.h"
#include "shutdown/console.h"
#include "shutdown/service.h"

namespace innkeeper::shutdown {
namespace {

void print_usage(const char* program) { say("Usage: {} {{{}}}", program, commands); }

/// Ours: `--root DIR` puts every path below DIR, `--patience SECONDS` is how long a daemon has for one answer.
std::optional<int> read_options(int argc, char** argv, Surroundings& where) {
    enum { help_option = 'h', root_option = 256, patience_option };
    constexpr std::array known{
        option{"help", no_argument, nullptr, help_option}, option{"root", required_argument, nullptr, root_option},
        option{"patience", required_argument, nullptr, patience_option}, option{nullptr, 0, nullptr, 0}};
    for (int c = 0; (c = ::getopt_long(argc, argv, "h", known.data(), nullptr)) != -1;) {
        if (c == help_option) {
            print_usage(argv[0]);
            return 0;
        }
        if (c == root_option) {
            where.root = optarg;
            while (where.root.ends_with('/')) where.root.pop_back();
            if (where.root.empty() || where.root.starts_with('/')) continue;
            complain("--root '{}': expected an absolute path", optarg);
            return 2;
        }
        if (c == patience_option) {
            const std::string_view word = optarg;
            unsigned seconds = 0;
            const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), seconds);
            if (error == std::errc() && end == word.data() + word.size() && seconds > 0 && seconds <= 86400) {
                where.patience = std::chrono::seconds(seconds);
                continue;
            }
            complain("--patience '{}': expected a number of seconds, from 1 to 86400", word);
            return 2;
        }
        print_usage(argv[0]);
        return 2;
    }
    return std::nullopt;
}

int run(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    Surroundings where;
    if (const auto status = read_options(argc, argv, where)) return *status;
    if (optind < argc)
        if (const auto status = run_command(argv[optind], where)) return *status;
    print_usage(argv[0]);
    return 2;
}

}  // namespace
}  // namespace innkeeper::shutdown

int main(int argc, char** argv) {
    try {
        return innkeeper::shutdown::run(argc, argv);
    } catch (const std::exception& error) {
        innkeeper::shutdown::complain("{}", error.what());
        return 1;
    }
}
