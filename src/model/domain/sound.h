#pragma once

#include <optional>
#include <vector>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// What a HD audio card is wired to.
struct SoundCodec {
    enum class Type { duplex, micro, output };
    Type type = Type::duplex;
    bool operator==(const SoundCodec&) const = default;
};
constexpr auto names_of(SoundCodec::Type) { return xml::names("duplex", "micro", "output"); }

/// A sound card, which plays through the host's audio backend of the given id.
struct Sound {
    enum class Model { es1370, sb16, ac97, pcspk, ich6, ich9, usb, ich7 };
    Model model = Model::ich6;
    std::vector<SoundCodec> codecs;
    std::optional<unsigned> audio_id;
    DeviceInfo info;
    bool operator==(const Sound&) const = default;
};
constexpr auto names_of(Sound::Model) {
    return xml::names("es1370", "sb16", "ac97", "pcspk", "ich6", "ich9", "usb", "ich7");
}

extern const xml::Element<Sound> sound_element;

}  // namespace innkeeper::model
