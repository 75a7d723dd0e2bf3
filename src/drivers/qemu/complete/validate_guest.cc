#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

void validate_guest(const Completion& it) {
    const model::DomainDef& def = it.def;
    const auto refuse = [](std::string text) { throw Error(ErrorCode::config_unsupported, std::move(text)); };
    if (const MachineType* machine = it.capabilities.machine(def.os.machine);
        machine && def.vcpus.maximum > machine->max_cpus)
        refuse(fmt::format("Maximum CPUs greater than specified machine type limit {}", machine->max_cpus));
    if (def.vcpus.maximum > 255 && (!def.devices.iommu || def.devices.iommu->eim != true))
        refuse("more than 255 vCPUs require extended interrupt mode enabled on the iommu device");
    if (def.cpu && def.cpu->topology && def.cpu->topology->count() != def.vcpus.maximum)
        refuse("CPU topology doesn't match maximum vcpu count");
    if (def.max_memory_kib && (!def.cpu || def.cpu->numa.empty()))
        refuse("At least one numa node has to be configured when enabling memory hotplug");
}

}  // namespace innkeeper::qemu
