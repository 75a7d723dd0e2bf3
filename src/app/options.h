#pragma once

#include <optional>
#include <string>

#include "app/program.h"

namespace innkeeper::app {

/// The command line (daemon-behaviour, section 1), and `--root DIR`, which is ours: every path below DIR.
struct Options {
    bool daemonize = false, listen = false, verbose = false;
    std::optional<std::string> config, pid_file;
    unsigned timeout = 0;  ///< seconds; 0: never
    std::string root;
    bool print_sample = false;

    /// Says what is wrong, or what was asked for, itself: then there is an exit status.
    struct Parsed;
    static Parsed parse(const Program& program, int argc, char** argv);
};

struct Options::Parsed {
    Options options;
    std::optional<int> exit_status;
};

}  // namespace innkeeper::app
