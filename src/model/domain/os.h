#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/domain/storage_source.h"
#include "xml/description.h"

namespace innkeeper::model {

enum class Architecture {
    alpha,
    armv6l,
    armv7l,
    armv7b,
    aarch64,
    cris,
    i686,
    ia64,
    lm32,
    m68k,
    microblaze,
    microblazeel,
    mips,
    mipsel,
    mips64,
    mips64el,
    openrisc,
    parisc,
    parisc64,
    ppc,
    ppc64,
    ppc64le,
    ppcemb,
    riscv32,
    riscv64,
    s390,
    s390x,
    sh4,
    sh4eb,
    sparc,
    sparc64,
    unicore32,
    x86_64,
    xtensa,
    xtensaeb
};
constexpr auto names_of(Architecture) {
    return xml::names("alpha", "armv6l", "armv7l", "armv7b", "aarch64", "cris", "i686", "ia64", "lm32", "m68k",
                      "microblaze", "microblazeel", "mips", "mipsel", "mips64", "mips64el", "openrisc", "parisc",
                      "parisc64", "ppc", "ppc64", "ppc64le", "ppcemb", "riscv32", "riscv64", "s390", "s390x", "sh4",
                      "sh4eb", "sparc", "sparc64", "unicore32", "x86_64", "xtensa", "xtensaeb");
}
constexpr bool is_x86(Architecture a) { return a == Architecture::i686 || a == Architecture::x86_64; }

/// The firmware's code.
struct Loader {
    enum class Type { rom, pflash, none };
    std::string path;
    std::optional<bool> readonly, secure, stateless;
    std::optional<Type> type;
    std::string format;
    bool operator==(const Loader&) const = default;
};
constexpr auto names_of(Loader::Type) { return xml::names("rom", "pflash", "none"); }

/// The firmware's variables. A plain file stands as text in the element, everything else as a source.
struct Nvram {
    std::string template_path;
    StorageSource source;
    bool has_type = false;  ///< written as `<nvram type='file'><source file='…'/>`
    bool operator==(const Nvram&) const = default;
};

/// What the firmware that is chosen by itself must be able to do.
struct FirmwareFeature {
    enum class Name { enrolled_keys, secure_boot };
    std::optional<Name> name;
    std::optional<bool> enabled;
    bool operator==(const FirmwareFeature&) const = default;
};
constexpr auto names_of(FirmwareFeature::Name) { return xml::names("enrolled-keys", "secure-boot"); }

struct InitEnvironment {
    std::string name, value;
    bool operator==(const InitEnvironment&) const = default;
};

/// What is started, on which machine, and how.
struct Os {
    enum class Boot { fd, cdrom, hd, network };
    enum class Firmware { none, bios, efi };
    enum class Smbios { none, emulate, host, sysinfo };

    std::string type;  ///< hvm, xen, linux, exe…
    std::optional<Architecture> arch;
    std::string machine;
    std::optional<Firmware> firmware;
    std::vector<FirmwareFeature> firmware_features;
    std::optional<Loader> loader;
    std::optional<Nvram> nvram;

    std::string kernel, initrd, cmdline, dtb, root;
    std::string slic_table;

    std::string init;  ///< containers
    std::vector<std::string> init_arguments;
    std::vector<InitEnvironment> init_environment;
    std::string init_directory, init_user, init_group;

    std::vector<Boot> boot;
    std::optional<bool> boot_menu;
    std::optional<unsigned> boot_menu_timeout;  ///< milliseconds
    std::optional<bool> bios_useserial;
    std::optional<int> bios_reboot_timeout;  ///< milliseconds; -1: no reboot
    std::optional<Smbios> smbios;

    bool is_hvm() const { return type == "hvm"; }
    bool operator==(const Os&) const = default;
};
constexpr auto names_of(Os::Boot) { return xml::names("fd", "cdrom", "hd", "network"); }
constexpr auto names_of(Os::Firmware) { return xml::names("none", "bios", "efi"); }
constexpr auto names_of(Os::Smbios) { return xml::names("none", "emulate", "host", "sysinfo"); }

extern const xml::Element<Os> os_element;

}  // namespace innkeeper::model
