#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace innkeeper::shutdown {

/// Where the guests of one URI are: how to connect to their daemon and what to open there (WIRE.md, section 5).
struct Target {
    std::string uri;                  ///< as the configuration has it: every line for people names it so
    std::string socket;               ///< path of the daemon's socket, on its host
    std::vector<std::string> tunnel;  ///< the program whose input and output are the connection, instead
    std::string host, port;           ///< over TCP, instead
    std::string name;                 ///< what connect_open asks for; empty: the daemon's own choice
    /// The run folder's subfolders whose status files tell which guests run; empty if there is no such knowledge.
    std::vector<std::string> status_folders;
    std::string run;       ///< the run folder of these daemons
    std::string pid_file;  ///< the daemon's
    std::string service;   ///< the daemon's unit; empty where systemd's is none of it: a user's, or one below a root

    /// Throws Error if the URI cannot be served: malformed, or of a transport other than UNIX sockets, ssh and TCP.
    static Target resolve(const std::string& uri, const std::string& root);

    /// False if it is certain that no guest runs there, found out without waking any daemon: its pid file is not held
    /// by anybody, and no status file names a process that lives.
    bool may_have_guests() const;
    bool is_same_daemon(const Target& other) const;
    /// True if guests may run there while nobody looks after them.
    bool is_orphaned() const;
};

}  // namespace innkeeper::shutdown
