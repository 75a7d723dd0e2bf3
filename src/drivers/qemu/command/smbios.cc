#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"
#include "xml/node.h"

/// What the guest's firmware is told of the machine: SMBIOS tables (types of the specification's section 7) and values
/// of the user's under `-fw_cfg`.
namespace innkeeper::qemu {

using model::Sysinfo;

namespace {

void add_bios_table(Builder& b, const Sysinfo::Bios& bios) {
    if (bios == Sysinfo::Bios{}) return;
    Pairs words("type=0");
    words.add_if("vendor", bios.vendor).add_if("version", bios.version).add_if("date", bios.date);
    words.add_if("release", bios.release);
    b.option("-smbios", words);
}

void add_system_table(Builder& b, const Sysinfo::System& system) {
    if (system == Sysinfo::System{}) return;
    Pairs words("type=1");
    words.add_if("manufacturer", system.manufacturer).add_if("product", system.product);
    words.add_if("version", system.version).add_if("serial", system.serial);
    // The guest's own identity, unless another was asked for expressly.
    words.add_if("uuid", b.domain.hwuuid ? b.domain.hwuuid->text() : system.uuid);
    words.add_if("sku", system.sku).add_if("family", system.family);
    b.option("-smbios", words);
}

void add_board_table(Builder& b, const Sysinfo::BaseBoard& board) {
    Pairs words("type=2");
    words.add_if("manufacturer", board.manufacturer).add_if("product", board.product);
    words.add_if("version", board.version).add_if("serial", board.serial).add_if("asset", board.asset);
    words.add_if("location", board.location);
    b.option("-smbios", words);
}

void add_chassis_table(Builder& b, const Sysinfo::Chassis& chassis) {
    if (chassis == Sysinfo::Chassis{}) return;
    Pairs words("type=3");
    // The peer writes this one even if it is empty.
    words.add("manufacturer", chassis.manufacturer);
    words.add_if("version", chassis.version).add_if("serial", chassis.serial).add_if("asset", chassis.asset);
    words.add_if("sku", chassis.sku);
    b.option("-smbios", words);
}

void add_oem_strings(Builder& b, const std::vector<std::string>& strings) {
    if (strings.empty()) return;
    Pairs words("type=11");
    for (const auto& text : strings) words.add("value", text);
    b.option("-smbios", words);
}

void add_tables(Builder& b, const Sysinfo& info) {
    add_bios_table(b, info.bios);
    add_system_table(b, info.system);
    for (const auto& board : info.base_boards) add_board_table(b, board);
    add_chassis_table(b, info.chassis);
    add_oem_strings(b, info.oem_strings);
}

void add_firmware_values(Builder& b, const Sysinfo& info) {
    for (const auto& entry : info.firmware) {
        Pairs words;
        words.add("name", entry.name);
        entry.file.empty() ? words.add("string", entry.value) : words.add("file", entry.file);
        b.option("-fw_cfg", words);
    }
}

}  // namespace

void add_smbios(Builder& b) {
    using Smbios = model::Os::Smbios;
    const Smbios mode = b.domain.os.smbios.value_or(Smbios::none);
    if (mode == Smbios::host) {
        if (b.context.host_sysinfo.empty()) unsupported("Host SMBIOS information is not available");
        const xml::Document document = xml::Document::parse(b.context.host_sysinfo, "(sysinfo)");
        add_tables(b, model::sysinfo_element.read(document.root()));
    }
    bool has_tables = false;
    for (const Sysinfo& info : b.domain.sysinfo) {
        const bool is_firmware = info.type == Sysinfo::Type::fwcfg;
        if (is_firmware) add_firmware_values(b, info);
        has_tables |= !is_firmware;
        if (!is_firmware && mode == Smbios::sysinfo) add_tables(b, info);
    }
    if (mode == Smbios::sysinfo && !has_tables)
        unsupported(fmt::format("Domain '{}' sysinfo are not available", b.domain.name));
}

}  // namespace innkeeper::qemu
