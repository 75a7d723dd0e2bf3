#include <cstdlib>

#include "base/files.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/firmware/choice.h"
#include "drivers/qemu/firmware/nvram.h"
#include "loop/pool.h"

/// The firmware of guests: what the host has, which one a guest gets, and the file in which it remembers.
namespace innkeeper::qemu {

namespace {

/// Whether the descriptions of the host's firmware have anything to say of the guest.
bool asks_for_descriptors(const model::Os& os) {
    return os.firmware ||
           (os.loader && os.loader->type == model::Loader::Type::pflash && os.nvram && os.nvram->template_path.empty());
}

}  // namespace

/// What is the administrator's hides what came with a package.
Task<std::vector<FirmwareDescriptor>> Driver::firmware() const {
    std::vector<std::string> folders;
    if (!paths_.is_system()) {
        const char* config = std::getenv("XDG_CONFIG_HOME");
        const char* home = std::getenv("HOME");
        if (config != nullptr && *config == '/')
            folders.push_back(std::string(config) + "/qemu/firmware");
        else if (home != nullptr)
            folders.push_back(std::string(home) + "/.config/qemu/firmware");
    }
    folders.push_back(paths_.below_root("/etc/qemu/firmware"));
    // A part of the distribution, like an emulator: the same for every root directory.
    folders.emplace_back("/usr/share/qemu/firmware");
    co_return co_await in_pool([folders] { return read_firmware_descriptors(folders); });
}

std::optional<NvramFile> Driver::nvram_of(const model::DomainDef& def) const {
    auto file = NvramFile::of(def, firmware_pairs(settings_.nvram));
    if (file) file->uid = run_as_.uid, file->gid = run_as_.gid;
    return file;
}

std::string Driver::nvram_folder() const { return paths_.files_of("qemu") + "/nvram"; }

Task<model::DomainDef> Driver::with_firmware(model::DomainDef def) const {
    if (!asks_for_descriptors(def.os)) co_return def;
    const auto known = co_await firmware();
    choose_firmware(def, known, nvram_folder());
    co_return def;
}

Task<> Driver::make_nvram(NvramFile file) const {
    co_await in_pool([file = std::move(file), folder = nvram_folder()] {
        if (parent_of(file.path) == folder) make_directories(folder, 0711);
        file.make();
    });
}

}  // namespace innkeeper::qemu
