/// Writes what follows from the rows of the settings: the sample files, and manual pages whose templates have a line
/// with the file's name between two `@` where the entries of that file belong.
///
///     write_config FOLDER TEMPLATE.in…
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "config/daemon_settings.h"
#include "config/helper_settings.h"
#include "config/lock_settings.h"
#include "config/qemu_settings.h"
#include "config/setting.h"
#include "shutdown/settings.h"

using namespace innkeeper;

namespace {

struct File {
    const char* name;
    std::string (*sample)();
    std::string (*manual)();
};

const File files[] = {
    {"libvirtd.conf", config::sample<config::DaemonSettings>, config::manual<config::DaemonSettings>},
    {"qemu.conf", config::sample<config::QemuSettings>, config::manual<config::QemuSettings>},
    {"virtlockd.conf", config::sample<config::LockDaemonSettings>, config::manual<config::LockDaemonSettings>},
    {"qemu-lockd.conf", config::sample<config::LockSettings>, config::manual<config::LockSettings>},
    {"virtlogd.conf", config::sample<config::LogDaemonSettings>, config::manual<config::LogDaemonSettings>},
    {"libvirt-guests", shutdown::Settings::sample, shutdown::Settings::manual},
};

bool write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    return bool(file.flush());
}

std::string filled(std::ifstream& page) {
    std::string text, line;
    while (std::getline(page, line)) {
        for (const auto& file : files)
            if (line == std::string("@") + file.name + "@") line = file.manual();
        text += line;
        if (!line.ends_with('\n')) text += '\n';
    }
    return text;
}

}  // namespace

int main(int count, char** words) {
    if (count < 2) {
        std::fprintf(stderr, "usage: write_config FOLDER TEMPLATE.in...\n");
        return 2;
    }
    const std::filesystem::path folder = words[1];
    bool is_written = true;
    for (const auto& file : files) is_written &= write(folder / file.name, file.sample());
    for (int i = 2; i < count; ++i) {
        std::ifstream page(words[i]);
        is_written &= page && write(folder / std::filesystem::path(words[i]).stem(), filled(page));
    }
    return is_written ? 0 : 1;
}
