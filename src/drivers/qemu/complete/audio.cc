#include <optional>

#include "drivers/qemu/complete/complete.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Audio;
using model::Graphics;

std::vector<Audio> implied_audios(const model::Devices& devices) {
    // Sound goes where the screen goes: into SPICE, nowhere with VNC; a window on the host keeps QEMU's own choice.
    std::optional<Audio::Type> type;
    if (devices.graphics.empty()) type = Audio::Type::none;
    for (const Graphics& graphics : devices.graphics) {
        if (graphics.type == Graphics::Type::vnc) type = Audio::Type::none;
        if (graphics.type == Graphics::Type::spice) type = Audio::Type::spice;
        if (graphics.type == Graphics::Type::sdl) type.reset();
    }
    if (!type) return {};
    Audio audio;
    audio.id = 1;
    audio.type = *type;
    return {audio};
}

void settle_audio(Completion& it) {
    auto& devices = it.def.devices;
    if (devices.audios.empty()) devices.audios = implied_audios(devices);
    for (Audio& audio : devices.audios) {
        if (audio.id) continue;
        unsigned next = 1;
        for (const Audio& other : devices.audios) next = std::max(next, other.id + 1);
        audio.id = next;
    }
}

}  // namespace innkeeper::qemu
