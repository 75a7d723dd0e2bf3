#include "drivers/nodedev/readers.h"

namespace innkeeper::nodedev {

using namespace model::nodedev;

Device read_system(const host::Udev& udev) {
    System system;
    const auto dmi = udev.device("/sys/devices/virtual/dmi/id");
    const auto word = [&dmi](const char* name) { return dmi ? dmi->attribute(name).value_or("") : std::string(); };
    system.product = word("product_name");
    system.vendor = word("sys_vendor");
    system.version = word("product_version");
    system.serial = word("product_serial");
    system.uuid = Uuid::parse(word("product_uuid")).value_or(Uuid());
    system.firmware_vendor = word("bios_vendor");
    system.firmware_version = word("bios_version");
    system.firmware_release_date = word("bios_date");
    Device device{.name = "computer"};
    device.capabilities.push_back({std::move(system)});
    return device;
}

}  // namespace innkeeper::nodedev
