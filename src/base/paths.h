#pragma once

#include <string>
#include <string_view>

namespace innkeeper {

/// Where everything lies. A privileged daemon uses the standard paths, an ordinary user's the XDG ones
/// (daemon-behaviour, sections 5 and 11); with a root directory (`--root DIR`) every one of them lies below it, so that
/// any number of daemons live on one machine.
class Paths {
  public:
    enum class Privilege { system, user };

    /// From the environment of this process (HOME, XDG_*); `root` is empty or an absolute path without a slash at its
    /// end.
    static Paths standard(Privilege privilege, std::string root = {});

    bool is_system() const { return privilege_ == Privilege::system; }
    const std::string& root() const { return root_; }

    /// Directories, without a slash at their end.
    std::string config() const { return config_; }  ///< /etc/libvirt
    std::string state() const { return state_; }    ///< /run/libvirt
    std::string lib() const { return lib_; }        ///< /var/lib/libvirt; a user has this with the configuration
    std::string cache() const { return cache_; }    ///< /var/cache/libvirt
    std::string log() const { return log_; }        ///< /var/log/libvirt
    std::string pid_file(std::string_view daemon) const;

    /// A driver's ("qemu", "storage"), as the peer has them: a user's are told apart by what the system's have anyway.
    std::string state_of(std::string_view driver) const;      ///< /run/libvirt/qemu
    std::string files_of(std::string_view driver) const;      ///< /var/lib/libvirt/qemu: what outlives a guest's run
    std::string run_files_of(std::string_view driver) const;  ///< the same: sockets and keys of one run
    std::string cache_of(std::string_view driver) const;      ///< /var/cache/libvirt/qemu
    std::string log_of(std::string_view driver) const;        ///< /var/log/libvirt/qemu
    std::string tpms() const;                                 ///< /var/lib/libvirt/swtpm

    /// A path that a configuration or a table gives as absolute, below the root.
    std::string below_root(std::string_view absolute) const { return root_ + std::string(absolute); }

  private:
    Privilege privilege_ = Privilege::system;
    std::string root_, config_, state_, lib_, cache_, log_, pid_folder_;
};

}  // namespace innkeeper
