#include "drivers/qemu/scsi_generic.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "drivers/qemu/command/command.h"

namespace innkeeper::qemu {

namespace {

namespace fs = std::filesystem;

std::string generic_of(const fs::path& folder) {
    std::error_code failure;
    const fs::directory_iterator entries(folder, failure);
    if (failure)
        throw Error::system(failure.value(), fmt::format("cannot open directory '{}'", folder.string()),
                            ErrorDomain::none);
    for (const auto& entry : entries) return "/dev/" + entry.path().filename().string();
    throw Error(ErrorCode::internal_error, fmt::format("there is no generic device in '{}'", folder.string()));
}

}  // namespace

std::map<std::string, std::string, std::less<>> scsi_generics(const model::DomainDef& def, const std::string& sysfs) {
    std::map<std::string, std::string, std::less<>> found;
    for (const auto& hostdev : def.devices.hostdevs) {
        if (hostdev.mode != model::Hostdev::Mode::subsystem || hostdev.type != model::Hostdev::Type::scsi ||
            hostdev.is_iscsi())
            continue;
        const std::string address = scsi_address(hostdev);
        found[address] = generic_of(fmt::format("{}/bus/scsi/devices/{}/scsi_generic", sysfs, address));
    }
    return found;
}

}  // namespace innkeeper::qemu
