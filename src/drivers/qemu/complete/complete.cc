#include "drivers/qemu/complete/complete.h"

#include "base/in_domain.h"
#include "drivers/qemu/complete/steps.h"
#include "drivers/qemu/complete/validate.h"
#include "model/complete/implied.h"
#include "model/domain/domain_checks.h"

namespace innkeeper::qemu {

model::DomainDef complete(model::DomainDef def, const Capabilities& capabilities, const HostFacts& host,
                          Purpose purpose) {
    Completion it{def, capabilities, host, purpose, std::mt19937_64(host.seed)};

    if (purpose != Purpose::stored) model::check_domain(def);
    number_controllers(it);
    refuse_duplicate_controllers(it);
    settle_machine(it);
    settle_host_devices(it);
    add_default_devices(it);
    settle_cpu(it);
    settle_features(it);
    settle_firmware(it);
    settle_labels(it);
    settle_audio(it);

    add_default_video(it);
    settle_videos(it);
    model::pair_console_with_serial(it.def);
    settle_chardevs(it);
    settle_disks(it);
    settle_interfaces(it);
    settle_inputs(it);
    settle_graphics(it);
    settle_small_devices(it);
    settle_controllers(it);
    settle_memory(it);
    settle_vcpus(it);
    assign_drive_addresses(it);
    assign_memory_slots(it);
    add_ps2_inputs(it);
    add_implied_controllers(it);
    settle_controllers(it);

    assign_spapr_addresses(it);
    assign_virtio_serial_addresses(it);
    in_domain(ErrorDomain::domain, [&] { assign_pci_addresses(it); });
    assign_usb_addresses(it);

    if (purpose == Purpose::fresh) {
        validate_firmware(it);
        validate_guest(it);
        validate_machine(it);
        validate_devices(it);
    }
    return def;
}

void check_device(model::DomainDef def, std::string_view element, const Capabilities& capabilities,
                  const HostFacts& host) {
    Completion it{def, capabilities, host, Purpose::fresh, std::mt19937_64(host.seed)};
    settle_host_devices(it);
    for (model::Video& video : def.devices.videos) settle_video(it, video);
    settle_chardevs(it);
    settle_disks(it);
    settle_interfaces(it);
    settle_inputs(it);
    settle_graphics(it);
    settle_small_devices(it);
    settle_controllers(it);
    assign_drive_addresses(it);
    model::for_each_kind([&](auto member) {
        if (model::tag_of(member) != element) return;
        if constexpr (requires { (def.devices.*member).back(); })
            validate_device(it, (def.devices.*member).back());
        else
            validate_device(it, *(def.devices.*member));
    });
}

}  // namespace innkeeper::qemu
