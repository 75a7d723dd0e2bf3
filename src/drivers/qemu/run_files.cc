#include "drivers/qemu/run_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::qemu {

RunFiles RunFiles::of(const Paths& paths, std::string_view name, std::string_view short_name) {
    const std::string state = paths.state_of("qemu");
    RunFiles files;
    files.directory = fmt::format("{}/domain-{}", paths.run_files_of("qemu"), short_name);
    files.monitor = files.directory + "/monitor.sock";
    files.master_key = files.directory + "/master-key.aes";
    files.channel_directory = fmt::format("{}/channel/target/domain-{}", paths.files_of("qemu"), short_name);
    files.memory_directory = fmt::format("{}/{}", memory_root(paths), short_name);
    files.log = fmt::format("{}/{}.log", paths.log_of("qemu"), name);
    files.pid = fmt::format("{}/{}.pid", state, name);
    files.tpm_socket = fmt::format("{}/swtpm/{}-swtpm.sock", state, short_name);
    files.tpm_pid = fmt::format("{}/swtpm/{}-swtpm.pid", state, short_name);
    return files;
}

void RunFiles::prepare(std::string_view key) const {
    make_directories(parent_of(directory));
    make_directories(directory, 0750);
    make_directories(channel_directory, 0750);
    make_directories(parent_of(log), 0700);
    make_directories(parent_of(pid));
    write_volatile_file(master_key, key, 0600);
}

void RunFiles::remove() const noexcept {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    std::filesystem::remove_all(channel_directory, ignored);
    std::filesystem::remove_all(memory_directory, ignored);
    std::filesystem::remove(pid, ignored);
    std::filesystem::remove(tpm_socket, ignored);
    std::filesystem::remove(tpm_pid, ignored);
}

namespace {

/// The address of a socket, and what must stay open while it is used.
struct Address {
    sockaddr_un name{};
    Fd folder;

    explicit Address(const std::string& path) {
        name.sun_family = AF_UNIX;
        std::string reachable = path;
        if (path.size() >= sizeof name.sun_path) {
            folder.reset(::open(parent_of(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
            if (!folder) throw Error::system(errno, fmt::format("cannot open '{}'", parent_of(path)));
            reachable = fmt::format("/proc/self/fd/{}/{}", folder.get(), path.substr(path.rfind('/') + 1));
        }
        if (reachable.size() >= sizeof name.sun_path)
            throw Error(ErrorCode::internal_error, fmt::format("UNIX socket path '{}' is too long", path));
        std::memcpy(name.sun_path, reachable.c_str(), reachable.size() + 1);
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

Fd make_socket() {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) throw Error::system(errno, "cannot make a UNIX socket");
    return socket;
}

}  // namespace

Fd listen_at(const std::string& path) {
    const Address address(path);
    Fd socket = make_socket();
    ::unlink(path.c_str());
    // Its folder decides who reaches it; of its own it is only for its owner and group.
    if (::bind(socket.get(), address.get(), sizeof address.name) != 0)
        throw Error::system(errno, fmt::format("Failed to bind socket to '{}'", path));
    ::chmod(path.c_str(), 0770);
    if (::listen(socket.get(), 2) != 0) throw Error::system(errno, fmt::format("Failed to listen on '{}'", path));
    return socket;
}

Fd connect_to(const std::string& path) {
    const Address address(path);
    Fd socket = make_socket();
    if (::connect(socket.get(), address.get(), sizeof address.name) != 0)
        throw Error::system(errno, fmt::format("Failed to connect socket to '{}'", path));
    return socket;
}

}  // namespace innkeeper::qemu
