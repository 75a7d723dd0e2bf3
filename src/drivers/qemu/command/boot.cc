#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"
#include "drivers/qemu/command/storage.h"
#include "xml/node.h"

/// What the guest starts from: firmware, order of devices, kernel.
namespace innkeeper::qemu {

using model::Disk;
using model::Loader;
using model::Os;

namespace {

/// The turn that `<boot dev=…>` gives to the first device of its kind.
unsigned turn(const Os& os, Os::Boot kind) {
    for (std::size_t i = 0; i < os.boot.size(); ++i)
        if (os.boot[i] == kind) return static_cast<unsigned>(i + 1);
    return 0;
}

Os::Boot kind_of(const Disk& disk) {
    if (disk.device == Disk::Device::cdrom) return Os::Boot::cdrom;
    if (disk.device == Disk::Device::floppy) return Os::Boot::fd;
    return Os::Boot::hd;
}

}  // namespace

void prepare_boot(Builder& b) {
    bool taken[4] = {};
    const auto give = [&](const model::DeviceInfo& info, Os::Boot kind) {
        const unsigned order = turn(b.domain.os, kind);
        bool& is_taken = taken[static_cast<unsigned>(kind)];
        if (order && !is_taken) b.boot_indexes[&info] = order;
        is_taken = true;
    };
    for (const Disk& disk : b.devices.disks) give(disk.info, kind_of(disk));
    for (const model::Interface& interface : b.devices.interfaces) give(interface.info, Os::Boot::network);
}

void add_boot(Builder& b) {
    const Os& os = b.domain.os;
    Pairs words;
    words.on_off("menu", os.boot_menu);
    if (os.bios_reboot_timeout) words.add("reboot-timeout", *os.bios_reboot_timeout);
    if (os.boot_menu == true && os.boot_menu_timeout) words.add("splash-time", *os.boot_menu_timeout);
    words.word("strict=on");
    b.option("-boot", words);
}

void add_kernel(Builder& b) {
    const Os& os = b.domain.os;
    if (!os.kernel.empty()) b.option("-kernel", os.kernel);
    if (!os.initrd.empty()) b.option("-initrd", os.initrd);
    if (!os.cmdline.empty()) b.option("-append", os.cmdline);
    if (!os.dtb.empty()) b.option("-dtb", os.dtb);
    if (!os.slic_table.empty()) b.option("-acpitable", Pairs("sig=SLIC").add("file", os.slic_table));
}

namespace {

bool is_pflash(const Os& os) {
    return os.loader && os.loader->type == Loader::Type::pflash && !os.loader->path.empty();
}

bool has_nvram(const Os& os) { return os.nvram && !os.nvram->source.is_empty(); }

}  // namespace

void add_pflash(Builder& b) {
    const Os& os = b.domain.os;
    if (!is_pflash(os)) return;
    model::StorageSource code;
    code.path = os.loader->path;
    code.format = os.loader->format;
    add_image_nodes(b, code, {.name = "libvirt-pflash0", .is_readonly = os.loader->readonly == true});
    if (!has_nvram(os)) return;
    add_image_nodes(b, os.nvram->source, {.name = "libvirt-pflash1"});
}

std::string pflash_words(const Builder& b) {
    const Os& os = b.domain.os;
    Pairs words;
    if (os.bios_useserial == true) words.word("graphics=off");
    if (is_pflash(os)) {
        words.word("pflash0=libvirt-pflash0-format");
        if (has_nvram(os)) words.word("pflash1=libvirt-pflash1-format");
    }
    return words.text();
}

void add_firmware(Builder& b) {
    const Os& os = b.domain.os;
    if (!os.loader || os.loader->path.empty()) return;
    if (is_pflash(os)) {
        if (os.loader->secure == true) b.option("-global", "driver=cfi.pflash01,property=secure,value=on");
    } else {
        b.option("-bios", os.loader->path);
    }
}

void add_vmgenid(Builder& b) {
    if (!b.domain.has_genid) return;
    Props props("vmgenid");
    props.add("guid", b.domain.genid ? b.domain.genid->text() : "auto").add("id", "vmgenid0");
    b.device(props);
}

namespace {

/// One table of entries; those known by the type of the table, in the order of the command line.
void add_table(Builder& b, xml::Node table, int type,
               std::initializer_list<std::pair<const char*, const char*>> names) {
    if (!table) return;
    Pairs words;
    words.add("type", type);
    for (const auto& [entry_name, option] : names)
        for (xml::Node entry = table.child("entry"); entry; entry = entry.next("entry"))
            if (entry.attribute("name") == entry_name && !entry.text().empty()) words.add(option, entry.text());
    b.option("-smbios", words);
}

void add_system_table(Builder& b, xml::Node table) {
    if (!table) return;
    Pairs words("type=1");
    const auto value = [&](std::string_view name) -> std::string {
        for (xml::Node entry = table.child("entry"); entry; entry = entry.next("entry"))
            if (entry.attribute("name") == name) return entry.text();
        return {};
    };
    words.add_if("manufacturer", value("manufacturer"));
    words.add_if("product", value("product"));
    words.add_if("version", value("version"));
    words.add_if("serial", value("serial"));
    // The guest's own identity, unless another was asked for expressly.
    words.add_if("uuid", b.domain.hwuuid ? b.domain.hwuuid->text() : value("uuid"));
    words.add_if("sku", value("sku"));
    words.add_if("family", value("family"));
    b.option("-smbios", words);
}

void add_oem_strings(Builder& b, xml::Node table) {
    if (!table) return;
    Pairs words("type=11");
    for (xml::Node entry = table.child("entry"); entry; entry = entry.next("entry")) words.add("value", entry.text());
    b.option("-smbios", words);
}

void add_smbios_tables(Builder& b, std::string_view text) {
    const xml::Document document = xml::Document::parse(text, "(sysinfo)");
    const xml::Node root = document.root();
    add_table(b, root.child("bios"), 0,
              {{"vendor", "vendor"}, {"version", "version"}, {"date", "date"}, {"release", "release"}});
    add_system_table(b, root.child("system"));
    for (xml::Node board = root.child("baseBoard"); board; board = board.next("baseBoard"))
        add_table(b, board, 2,
                  {{"manufacturer", "manufacturer"},
                   {"product", "product"},
                   {"version", "version"},
                   {"serial", "serial"},
                   {"asset", "asset"},
                   {"location", "location"}});
    if (const xml::Node chassis = root.child("chassis")) {
        bool has_manufacturer = false;
        for (xml::Node entry = chassis.child("entry"); entry; entry = entry.next("entry"))
            has_manufacturer |= entry.attribute("name") == "manufacturer";
        if (has_manufacturer) {
            add_table(b, chassis, 3,
                      {{"manufacturer", "manufacturer"},
                       {"version", "version"},
                       {"serial", "serial"},
                       {"asset", "asset"},
                       {"sku", "sku"}});
        } else {
            // The peer writes the member even if it is empty.
            Pairs words("type=3");
            words.add("manufacturer", "");
            for (const char* name : {"version", "serial", "asset", "sku"})
                for (xml::Node entry = chassis.child("entry"); entry; entry = entry.next("entry"))
                    if (entry.attribute("name") == name) words.add(name, entry.text());
            b.option("-smbios", words);
        }
    }
    add_oem_strings(b, root.child("oemStrings"));
}

std::string attribute_of(std::string_view text, std::string_view name) {
    const xml::Document document = xml::Document::parse(text, "(sysinfo)");
    return std::string(document.root().attribute(name).value_or(""));
}

void add_firmware_values(Builder& b, std::string_view text) {
    const xml::Document document = xml::Document::parse(text, "(sysinfo)");
    for (xml::Node entry = document.root().child("entry"); entry; entry = entry.next("entry")) {
        Pairs words;
        words.add("name", entry.attribute("name").value_or(""));
        if (const auto file = entry.attribute("file"))
            words.add("file", *file);
        else
            words.add("string", entry.text());
        b.option("-fw_cfg", words);
    }
}

}  // namespace

void add_smbios(Builder& b) {
    using Smbios = Os::Smbios;
    const Smbios mode = b.domain.os.smbios.value_or(Smbios::none);
    if (mode == Smbios::host) {
        if (b.context.host_sysinfo.empty()) unsupported("Host SMBIOS information is not available");
        add_smbios_tables(b, b.context.host_sysinfo);
    }
    bool has_tables = false;
    for (const xml::Fragment& fragment : b.domain.sysinfo) {
        const bool is_firmware = attribute_of(fragment.source, "type") == "fwcfg";
        if (is_firmware) add_firmware_values(b, fragment.source);
        has_tables |= !is_firmware;
        if (!is_firmware && mode == Smbios::sysinfo) add_smbios_tables(b, fragment.source);
    }
    if (mode == Smbios::sysinfo && !has_tables)
        unsupported(fmt::format("Domain '{}' sysinfo are not available", b.domain.name));
}

}  // namespace innkeeper::qemu
