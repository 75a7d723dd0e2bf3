#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "drivers/nodedev/pci_config.h"
#include "drivers/nodedev/pci_vpd.h"
#include "drivers/nodedev/readers.h"

namespace innkeeper::nodedev {

using namespace model::nodedev;

namespace {

constexpr std::size_t most_config = 4096, most_vpd = 32768;

/// A file that a device answers for; empty where it does not.
std::string read_bytes(const std::string& path, std::size_t most) {
    try {
        return read_file(path, most).value_or("");
    } catch (const Error&) {
        return "";
    }
}

std::optional<VirtualFunctions> read_virtual_functions(const UdevDevice& from) {
    VirtualFunctions functions;
    const auto most = number(from.attribute("sriov_totalvfs"));
    if (most && *most > 0) functions.most = most;
    for (unsigned i = 0; const auto place = pci_place(link_name(from, fmt::format("virtfn{}", i))); ++i)
        functions.addresses.push_back(*place);
    return functions.most || !functions.addresses.empty() ? std::optional(std::move(functions)) : std::nullopt;
}

std::optional<IommuGroup> read_group(const UdevDevice& from) {
    const auto group_number = read_iommu_group(from);
    if (!group_number) return std::nullopt;
    IommuGroup group{*group_number, {}};
    for (const auto& name : list_directory(fmt::format("/sys/kernel/iommu_groups/{}/devices", *group_number)))
        if (const auto place = pci_place(name)) group.addresses.push_back(*place);
    return group;
}

void read_capabilities(const UdevDevice& from, std::string_view config, Pci& pci) {
    if (const auto physical = pci_place(link_name(from, "physfn")))
        pci.capabilities.push_back({PhysicalFunction{physical}});
    if (auto functions = read_virtual_functions(from)) pci.capabilities.push_back({std::move(*functions)});
    const auto header = header_of(config);
    if (header == PciHeader::pci_bridge) pci.capabilities.push_back({PciBridge{}});
    if (header == PciHeader::cardbus_bridge) pci.capabilities.push_back({CardbusBridge{}});
    if (auto types = read_mdev_types(from)) pci.capabilities.push_back({std::move(*types)});
    if (path_exists(from.path() + "/vpd"))
        if (auto vpd = parse_vpd(read_bytes(from.path() + "/vpd", most_vpd)))
            pci.capabilities.push_back({std::move(*vpd)});
}

}  // namespace

std::optional<Device> read_pci(const UdevDevice& from, const PciNames& names) {
    const auto place = pci_place(from.name());
    const auto vendor = number(from.attribute("vendor"), 16), product = number(from.attribute("device"), 16);
    if (!place || !vendor || !product) return std::nullopt;
    const PciNames::Id id{*vendor, *product};
    Pci pci{.device_class = number(from.attribute("class"), 16),
            .place = *place,
            .product_id = *product,
            .vendor_id = *vendor};
    // One that came since the names were looked up is looked up by itself.
    const auto& known = names.was_asked(id) ? names : PciNames::find_installed({id});
    pci.vendor = known.vendor(*vendor);
    pci.product = known.product(id);
    const auto config = read_bytes(from.path() + "/config", most_config);
    read_capabilities(from, config, pci);
    pci.iommu_group = read_group(from);
    if (const auto node = number(from.attribute("numa_node"))) pci.numa_node = static_cast<int>(*node);
    pci.express = express_of(config);
    return make_device(from, "pci", from.name(), {std::move(pci)});
}

}  // namespace innkeeper::nodedev
