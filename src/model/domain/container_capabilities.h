#pragma once

#include <optional>

#include "xml/description.h"

namespace innkeeper::model {

/// Which capabilities(7) the processes of a container have.
struct ContainerCapabilities {
    enum class Policy { default_, allow, deny };
    Policy policy = Policy::default_;
    std::optional<bool> audit_control, audit_write, block_suspend, chown, dac_override, dac_read_search, fowner, fsetid,
        ipc_lock, ipc_owner, kill, lease, linux_immutable, mac_admin, mac_override, mknod, net_admin, net_bind_service,
        net_broadcast, net_raw, setgid, setfcap, setpcap, setuid, sys_admin, sys_boot, sys_chroot, sys_module, sys_nice,
        sys_pacct, sys_ptrace, sys_rawio, sys_resource, sys_time, sys_tty_config, syslog, wake_alarm;
    bool operator==(const ContainerCapabilities&) const = default;
};
constexpr auto names_of(ContainerCapabilities::Policy) { return xml::names("default", "allow", "deny"); }

extern const xml::Element<ContainerCapabilities> container_capabilities_element;

}  // namespace innkeeper::model
