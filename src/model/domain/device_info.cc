#include "model/domain/device_info.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

const auto boot_element = xml::describe<DeviceBoot>("boot",  //
                                                    xml::attribute("order", &DeviceBoot::order).at_least(1),
                                                    xml::attribute("loadparm", &DeviceBoot::loadparm));

const auto rom_element =
    xml::describe<Rom>("rom",  //
                       xml::attribute("enabled", &Rom::enabled, xml::yes_no),
                       xml::attribute("bar", &Rom::bar, xml::on_off), xml::attribute("file", &Rom::file));

constexpr std::string_view users_alias = "ua-";

/// Every alias but the user's own is made at start, so that the definition on disk does not hold it.
bool alias_is_shown(const DeviceInfo& info, const xml::FormatFlags& flags) {
    return !flags.inactive || info.alias.starts_with(users_alias);
}

void settle(DeviceInfo& info, const xml::Node&, const xml::ParseFlags& flags) {
    auto& parameter = info.boot.loadparm;
    for (char& c : parameter)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (parameter.size() > 8)
        throw Error(ErrorCode::internal_error,
                    fmt::format("loadparm value '{}' must be between 1 and 8 characters", parameter));
    if (!flags.live && !info.alias.starts_with(users_alias)) info.alias.clear();
}

}  // namespace

const xml::Element<DeviceInfo> device_info_element =
    xml::describe<DeviceInfo>(
        "device",  //
        xml::child("boot", &DeviceInfo::boot, boot_element),
        xml::child("alias", xml::attribute("name", &DeviceInfo::alias)).written_when(alias_is_shown),
        xml::child("master", xml::attribute("startport", &DeviceInfo::master_startport)),
        xml::child("rom", &DeviceInfo::rom, rom_element),
        xml::child("acpi", xml::attribute("index", &DeviceInfo::acpi_index)),
        xml::child(
            "address",
            xml::one_of("type", &DeviceInfo::address,  //
                        xml::alternative("pci", pci_address_element), xml::alternative("drive", drive_address_element),
                        xml::alternative("virtio-serial", virtio_serial_address_element),
                        xml::alternative("usb", usb_address_element), xml::alternative("ccid", ccid_address_element),
                        xml::alternative("isa", isa_address_element),
                        xml::alternative("spapr-vio", spapr_vio_address_element),
                        xml::alternative("ccw", ccw_address_element),
                        xml::alternative("virtio-mmio", virtio_mmio_address_element),
                        xml::alternative("dimm", dimm_address_element),
                        xml::alternative("unassigned", unassigned_address_element))
                .required()
                .complain(ErrorCode::config_unsupported, "unknown address type '{}'")))
        .finished_by(settle);

const xml::Element<VirtioOptions> virtio_options_element =
    xml::describe<VirtioOptions>("driver",  //
                                 xml::attribute("iommu", &VirtioOptions::iommu, xml::on_off),
                                 xml::attribute("ats", &VirtioOptions::ats, xml::on_off),
                                 xml::attribute("packed", &VirtioOptions::packed, xml::on_off),
                                 xml::attribute("page_per_vq", &VirtioOptions::page_per_vq, xml::on_off));

}  // namespace innkeeper::model
