#include "model/domain/container_capabilities.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Container = ContainerCapabilities;

struct Entry {
    std::string_view name;
    std::optional<bool> Container::*member;
};

constexpr std::array entries{Entry{"audit_control", &Container::audit_control},
                             Entry{"audit_write", &Container::audit_write},
                             Entry{"block_suspend", &Container::block_suspend},
                             Entry{"chown", &Container::chown},
                             Entry{"dac_override", &Container::dac_override},
                             Entry{"dac_read_search", &Container::dac_read_search},
                             Entry{"fowner", &Container::fowner},
                             Entry{"fsetid", &Container::fsetid},
                             Entry{"ipc_lock", &Container::ipc_lock},
                             Entry{"ipc_owner", &Container::ipc_owner},
                             Entry{"kill", &Container::kill},
                             Entry{"lease", &Container::lease},
                             Entry{"linux_immutable", &Container::linux_immutable},
                             Entry{"mac_admin", &Container::mac_admin},
                             Entry{"mac_override", &Container::mac_override},
                             Entry{"mknod", &Container::mknod},
                             Entry{"net_admin", &Container::net_admin},
                             Entry{"net_bind_service", &Container::net_bind_service},
                             Entry{"net_broadcast", &Container::net_broadcast},
                             Entry{"net_raw", &Container::net_raw},
                             Entry{"setgid", &Container::setgid},
                             Entry{"setfcap", &Container::setfcap},
                             Entry{"setpcap", &Container::setpcap},
                             Entry{"setuid", &Container::setuid},
                             Entry{"sys_admin", &Container::sys_admin},
                             Entry{"sys_boot", &Container::sys_boot},
                             Entry{"sys_chroot", &Container::sys_chroot},
                             Entry{"sys_module", &Container::sys_module},
                             Entry{"sys_nice", &Container::sys_nice},
                             Entry{"sys_pacct", &Container::sys_pacct},
                             Entry{"sys_ptrace", &Container::sys_ptrace},
                             Entry{"sys_rawio", &Container::sys_rawio},
                             Entry{"sys_resource", &Container::sys_resource},
                             Entry{"sys_time", &Container::sys_time},
                             Entry{"sys_tty_config", &Container::sys_tty_config},
                             Entry{"syslog", &Container::syslog},
                             Entry{"wake_alarm", &Container::wake_alarm}};

/// One that is there without a state is on.
void settle(Container& container, const xml::Node& node, const xml::ParseFlags&) {
    for (auto child = node.child(); child; child = child.next()) {
        const auto entry = std::ranges::find(entries, child.name(), &Entry::name);
        if (entry == entries.end())
            throw Error(ErrorCode::config_unsupported, fmt::format("unexpected capability feature '{}'", child.name()));
        if (!child.attribute("state")) container.*entry->member = true;
    }
}

xml::Element<Container> description() {
    auto element = xml::describe<Container>("capabilities", xml::attribute("policy", &Container::policy));
    for (const auto& entry : entries)
        element.parts.push_back(xml::child(entry.name, xml::attribute("state", entry.member, xml::on_off)));
    return std::move(element).finished_by(settle);
}

}  // namespace

const xml::Element<ContainerCapabilities> container_capabilities_element = description();

}  // namespace innkeeper::model
