#include "model/domain/check_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace innkeeper::model {

namespace {

/// The turns at boot that devices ask for, ascending.
std::vector<unsigned> boot_orders(const Devices& devices) {
    std::vector<unsigned> orders;
    const auto add = [&](const auto& list) {
        for (const auto& device : list)
            if (device.info.boot.order) orders.push_back(*device.info.boot.order);
    };
    add(devices.disks);
    add(devices.interfaces);
    add(devices.hostdevs);
    add(devices.redirdevs);
    std::ranges::sort(orders);
    return orders;
}

}  // namespace

void settle_os(DomainDef& domain) {
    auto& os = domain.os;
    if (os.type.empty()) {
        if (!domain.has_bootloader) throw Error(ErrorCode::xml_error, "an os <type> must be specified");
        os.type = "xen";
    }
    if (os.type == "xen" && domain.type == DomainDef::VirtType::xen) os.type = "linux";
    if (!domain.has_bootloader) domain.bootloader_arguments.clear();
    std::ranges::sort(os.firmware_features, {}, &FirmwareFeature::name);
    if (os.type != "exe") {
        os.init.clear();
        os.init_arguments.clear();
        os.init_environment.clear();
    }
    if (!os.boot_menu.value_or(false)) os.boot_menu_timeout.reset();
    if (!os.is_hvm()) {
        os.boot.clear();
        os.boot_menu.reset();
        os.boot_menu_timeout.reset();
        os.bios_useserial.reset();
        os.bios_reboot_timeout.reset();
        return;
    }
    // A boot loader of the host's knows where the system is.
    if (domain.has_bootloader) {
        os.boot.clear();
        return;
    }
    if (os.boot.empty() && boot_orders(domain.devices).empty()) os.boot.push_back(Os::Boot::hd);
}

void check_boot(const DomainDef& domain) {
    if (!domain.os.is_hvm() || domain.has_bootloader) return;
    const auto orders = boot_orders(domain.devices);
    if (!orders.empty() && !domain.os.boot.empty())
        throw Error(ErrorCode::config_unsupported,
                    "per-device boot elements cannot be used together with os/boot elements");
    if (const auto twice = std::ranges::adjacent_find(orders); twice != orders.end())
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("boot order '{}' used for more than one device", *twice));
}

namespace {

[[noreturn]] void refuse_firmware(std::string sentence) {
    throw Error(ErrorCode::xml_detail, ErrorDomain::domain, std::move(sentence));
}

bool asks_for(const Os& os, FirmwareFeature::Name feature, bool enabled) {
    return std::ranges::any_of(os.firmware_features, [&](const FirmwareFeature& one) {
        return one.name == feature && one.enabled == enabled;
    });
}

/// What the choice decides cannot be given with it.
void check_chosen_firmware(Os& os) {
    const auto decided = [](std::string_view attribute) {
        refuse_firmware(fmt::format("{} cannot be specified when firmware autoselection is enabled", attribute));
    };
    if (os.loader) {
        if (os.loader->readonly) decided("loader attribute 'readonly'");
        if (os.loader->type) decided("loader attribute 'type'");
        // That it must be secure is a wish.
        if (os.loader->secure == false) decided("loader attribute 'secure'");
        if (os.firmware != Os::Firmware::efi && os.loader->stateless == false)
            refuse_firmware("Only EFI firmware permits NVRAM");
    }
    if (os.nvram && !os.nvram->template_path.empty()) decided("nvram attribute 'template'");
    if (os.firmware != Os::Firmware::efi && os.nvram)
        refuse_firmware(fmt::format("firmware type '{}' does not support nvram", xml::name(*os.firmware)));
    using enum FirmwareFeature::Name;
    if (!asks_for(os, enrolled_keys, true)) return;
    if (asks_for(os, secure_boot, false))
        refuse_firmware(
            "firmware feature 'enrolled-keys' cannot be enabled when firmware feature 'secure-boot' is disabled");
    if (!asks_for(os, secure_boot, true)) os.firmware_features.push_back({secure_boot, true});
}

}  // namespace

void check_firmware(Os& os) {
    if (os.loader && !os.loader->path.empty() && !os.loader->type) os.loader->type = Loader::Type::rom;
    if (os.firmware) return check_chosen_firmware(os);
    if ((os.loader || os.nvram) && (!os.loader || os.loader->path.empty()) &&
        (!os.loader || os.loader->type != Loader::Type::none))
        refuse_firmware("no loader path specified and firmware auto selection disabled");
    if (!os.loader) return;
    if (os.loader->type == Loader::Type::rom && os.loader->stateless == false)
        refuse_firmware("Only pflash loader type permits NVRAM");
    if (os.loader->stateless == true && os.nvram)
        refuse_firmware(os.nvram->template_path.empty() ? "NVRAM is not permitted when loader is stateless"
                                                        : "NVRAM template is not permitted when loader is stateless");
}

}  // namespace innkeeper::model
