#include <charconv>

#include "drivers/nodedev/readers.h"

namespace innkeeper::nodedev {

using namespace model::nodedev;

namespace {

std::uint64_t count(const std::optional<std::string>& text) {
    std::uint64_t value = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

/// What udev calls the drive, then what it found it able to do, then what its name tells. Empty: not to be listed, as
/// for partitions, loops and what is made of other storage.
std::string drive_type(const UdevDevice& from) {
    if (const auto type = from.property("ID_TYPE")) {
        if (*type == "cd") return "cdrom";
        return *type == "disk" || *type == "floppy" || *type == "sd" ? *type : "";
    }
    if (from.property("ID_CDROM")) return "cdrom";
    if (from.property("ID_DRIVE_FLOPPY")) return "floppy";
    if (from.property("ID_DRIVE_FLASH_SD")) return "sd";
    const auto name = from.name();
    if (name.starts_with("vd") || name.starts_with("nvme")) return "disk";
    return name.starts_with("dasd") ? "dasd" : "";
}

std::string without_end_blanks(std::string text) {
    text.resize(text.find_last_not_of(" \t\n") + 1);
    return text;
}

RemovableMedium read_medium(const UdevDevice& from) {
    RemovableMedium medium;
    medium.is_available = number(from.property("ID_CDROM_MEDIA")).value_or(0) != 0;
    if (!medium.is_available) return medium;
    medium.label = from.property("ID_FS_LABEL").value_or("");
    medium.blocks = count(from.attribute("size"));
    medium.block_size = count(from.attribute("queue/logical_block_size"));
    medium.size = medium.blocks * medium.block_size;
    return medium;
}

}  // namespace

std::optional<Device> read_storage(const UdevDevice& from) {
    const auto type = drive_type(from);
    if (from.type() == "partition" || from.node().empty() || type.empty()) return std::nullopt;
    Storage storage{.block = from.node(),
                    .bus = from.property("ID_BUS").value_or(""),
                    .drive_type = type,
                    .model = without_end_blanks(from.attribute("device/model").value_or("")),
                    .vendor = without_end_blanks(from.attribute("device/vendor").value_or("")),
                    .serial = from.property("ID_SERIAL").value_or("")};
    if (type != "cdrom" && type != "floppy") {
        // As the peer has it: what the kernel counts in 512 bytes is multiplied by the drive's own blocks.
        storage.blocks = count(from.attribute("size"));
        storage.block_size = count(from.attribute("queue/logical_block_size"));
        storage.size = storage.blocks * storage.block_size;
    } else if (number(from.attribute("removable")).value_or(0) != 0) {
        storage.capabilities.push_back({read_medium(from)});
    } else {
        storage.size = 0;
    }
    const auto name = storage.serial.empty() ? from.name() : from.name() + "_" + storage.serial;
    return make_device(from, "block", name, {std::move(storage)});
}

}  // namespace innkeeper::nodedev
