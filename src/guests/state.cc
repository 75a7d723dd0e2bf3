#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// Questions about one guest that its definition, its condition and the host answer.
namespace innkeeper::guests {

namespace {

constexpr std::int32_t scheduler_parameters = 9;

/// The sentence behind a word of `<taint flag>`.
constexpr std::pair<std::string_view, std::string_view> taint_sentences[] = {
    {"custom-argv", "custom configuration parameters specified"},
    {"custom-monitor", "custom monitor control commands issued"},
    {"high-privileges", "running with undesirable elevated privileges"},
    {"shell-scripts", "network configuration using opaque shell scripts"},
    {"disk-probing", "potentially unsafe disk format probing"},
    {"external-launch", "managed externally launched configuration"},
    {"host-cpu", "potentially unsafe use of host CPU passthrough"},
    {"hook-script", "configuration potentially modified by hook script"},
    {"cdrom-passthrough", "use of host cdrom passthrough"},
    {"custom-dtb", "custom device tree blob used"},
    {"custom-ga-command", "custom guest agent control commands issued"},
    {"custom-hypervisor-feature", "hypervisor feature autodetection override"},
    {"deprecated-config", "use of deprecated configuration settings"},
    {"custom-device", "custom device configuration"},
};

std::string_view taint_sentence(std::string_view flag) {
    for (const auto& [word, sentence] : taint_sentences)
        if (word == flag) return sentence;
    return flag;
}

/// In the order of the table, which is the peer's, whatever happened first.
std::vector<std::string> in_order(const std::vector<std::string>& flags) {
    auto sorted = flags;
    std::ranges::sort(sorted, {}, [](const std::string& flag) {
        return std::ranges::find(taint_sentences, flag, &std::pair<std::string_view, std::string_view>::first) -
               std::begin(taint_sentences);
    });
    return sorted;
}

class StateHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = StateHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetState>(*this, &Self::get_state);
        table.add<wire::DomainGetInfo>(*this, &Self::get_info);
        table.add<wire::DomainGetOsType>(*this, &Self::get_os_type);
        table.add<wire::DomainGetMaxMemory>(*this, &Self::get_max_memory);
        table.add<wire::DomainGetControlInfo>(*this, &Self::get_control_info);
        table.add<wire::DomainGetMessages>(*this, &Self::get_messages);
        table.add<wire::DomainGetSchedulerType>(*this, &Self::get_scheduler_type);
        table.add<wire::DomainGetSecurityLabel>(*this, &Self::get_security_label);
        table.add<wire::DomainGetSecurityLabelList>(*this, &Self::get_security_labels);
    }

  private:
    wire::DomainGetStateRet get_state(const Caller&, const wire::DomainGetStateArgs& args) {
        check_flags(args.flags, 0, "DomainGetState");
        const Condition condition = find(args.dom)->condition();
        return {static_cast<std::int32_t>(condition.state), condition.reason};
    }

    /// The definition that counts now. The guest may go while it is read from disk.
    Task<DefPtr> definition_of(GuestPtr guest) {
        auto def = co_await guest->current();
        if (!def) guests_.find(guest->uuid(), guest->name());
        if (!def) throw Error(ErrorCode::operation_failed, "the definition changed while it was read");
        co_return def;
    }

    Task<wire::DomainGetInfoRet> get_info(Caller, wire::DomainGetInfoArgs args) {
        const auto guest = find(args.dom);
        if (const auto def = guest->live()) co_return info(*guest, outline_of(*def));
        if (const auto* outline = guests_.outline(*guest)) co_return info(*guest, *outline);
        const auto def = co_await definition_of(guest);
        co_return info(*guest, outline_of(*def));
    }

    wire::DomainGetInfoRet info(const Guest& guest, const Outline& outline) {
        wire::DomainGetInfoRet ret;
        ret.state = static_cast<std::uint8_t>(guest.condition().state);
        ret.maxMem = outline.memory_kib;
        ret.memory = outline.current_memory_kib;
        ret.nrVirtCpu = static_cast<std::uint16_t>(outline.vcpus);
        if (guest.is_active()) ret.cpuTime = hypervisor().usage(guest).cpu_ns;
        return ret;
    }

    Task<wire::DomainGetOsTypeRet> get_os_type(Caller, wire::DomainGetOsTypeArgs args) {
        const auto def = co_await definition_of(find(args.dom));
        co_return wire::DomainGetOsTypeRet{def->os.type};
    }

    Task<wire::DomainGetMaxMemoryRet> get_max_memory(Caller, wire::DomainGetMaxMemoryArgs args) {
        const auto def = co_await definition_of(find(args.dom));
        co_return wire::DomainGetMaxMemoryRet{def->memory_kib};
    }

    wire::DomainGetControlInfoRet get_control_info(const Caller&, const wire::DomainGetControlInfoArgs& args) {
        check_flags(args.flags, 0, "DomainGetControlInfo");
        require_active(*find(args.dom));
        return {};
    }

    wire::DomainGetMessagesRet get_messages(const Caller&, const wire::DomainGetMessagesArgs& args) {
        constexpr std::uint32_t known = VIR_DOMAIN_MESSAGE_DEPRECATION | VIR_DOMAIN_MESSAGE_TAINTING;
        check_flags(args.flags, known, "DomainGetMessages");
        const auto guest = find(args.dom);
        wire::DomainGetMessagesRet ret;
        if (args.flags == 0 || (args.flags & VIR_DOMAIN_MESSAGE_TAINTING) != 0)
            for (const auto& taint : in_order(guest->taints()))
                ret.msgs.push_back(fmt::format("tainted: {}", taint_sentence(taint)));
        return ret;
    }

    wire::DomainGetSchedulerTypeRet get_scheduler_type(const Caller&, const wire::DomainGetSchedulerTypeArgs& args) {
        find(args.dom);
        return {"posix", scheduler_parameters};
    }

    /// With the NUL behind it: clients copy a label until they find one.
    std::string label_of(const Guest& guest) {
        std::string label = guest.is_active() ? hypervisor().security_label(guest) : std::string();
        label += '\0';
        return label;
    }

    wire::DomainGetSecurityLabelRet get_security_label(const Caller&, const wire::DomainGetSecurityLabelArgs& args) {
        const auto guest = find(args.dom);
        return {label_of(*guest), 0};
    }

    wire::DomainGetSecurityLabelListRet get_security_labels(const Caller&,
                                                            const wire::DomainGetSecurityLabelListArgs& args) {
        const auto guest = find(args.dom);
        wire::DomainGetSecurityLabelListRet ret;
        if (guest->is_active()) ret.labels.push_back({label_of(*guest), 0});
        ret.ret = static_cast<std::int32_t>(ret.labels.size());
        return ret;
    }
};

}  // namespace

Installed install_state(Guests& guests, rpc::HandlerTable& table) {
    return install_group<StateHandlers>(guests, table);
}

}  // namespace innkeeper::guests
