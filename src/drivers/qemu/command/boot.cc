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

}  // namespace innkeeper::qemu
