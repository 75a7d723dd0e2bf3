#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "loop/loop.h"
#include "loop/watch.h"
#include "rpc/transport/connection.h"

namespace innkeeper::rpc {

/// How the file of a UNIX socket looks.
struct SocketFile {
    std::string path;
    mode_t mode = 0700;
    std::optional<gid_t> group;
    int backlog = 1000;
};

/// A listening socket, which gives connections once it is told to: until then clients queue in its backlog. One that
/// we made removes its file when it goes, unless another daemon has put its own there since.
class Listener {
  public:
    using Accepted = std::move_only_function<void(std::unique_ptr<Connection>)>;
    /// Makes a connection of a socket that was accepted; may throw Error.
    using Connect = std::function<std::unique_ptr<Connection>(Fd)>;

    /// Replaces an existing socket file. Throws Error (system_error) naming the path.
    static std::unique_ptr<Listener> unix_socket(const SocketFile& file);
    /// One for each address that the host's name stands for; all of the machine's own if it is empty. `service` is a
    /// port or its name. Throws Error (system_error) naming both.
    static std::vector<std::unique_ptr<Listener>> tcp_sockets(const std::string& host, const std::string& service,
                                                              int backlog);
    /// A socket that the service manager made and keeps. Throws Error if it is none that listens.
    static std::unique_ptr<Listener> passed(Fd listening);
    /// One that this process had before it ran another program; with its file, if that was ours.
    static std::unique_ptr<Listener> inherited(Fd listening, bool owns_file);

    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// Instead of what the socket's own kind would be: TLS over TCP.
    void connect_by(Connect connect) { connect_ = std::move(connect); }
    bool is_unix() const;
    int descriptor() const { return socket_.get(); }
    bool owns_file() const { return !path_.empty(); }
    /// Of a passed UNIX socket: throws Error (config_unsupported) if its file lets in more than `widest`, or another
    /// group than `group`.
    void check_mode(mode_t widest, std::optional<gid_t> group) const;

    /// Accepts from now on. `accepted` may call pause().
    void start(Accepted accepted);
    /// Leaves clients in the backlog until resume().
    void pause();
    void resume();
    /// Somebody is in the backlog.
    bool has_waiting() const;

  private:
    explicit Listener(Fd socket) : socket_(std::move(socket)) {}
    void accept();
    struct stat own_file(const std::string& path);

    Fd socket_;
    Connect connect_;
    std::string path_;  ///< to remove at the end; empty for a passed socket
    dev_t device_ = 0;
    ino_t inode_ = 0;
    bool paused_ = false;
    std::unique_ptr<Watch> watch_;
    std::unique_ptr<Loop::Timer> again_;
    std::shared_ptr<Accepted> accepted_;
};

}  // namespace innkeeper::rpc
