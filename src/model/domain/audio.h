#pragma once

#include <optional>
#include <string>

#include "xml/description.h"

namespace innkeeper::model {

/// One direction of an audio backend.
struct AudioStream {
    enum class Format { s8, u8, s16, u16, s32, u32, f32 };
    std::optional<bool> mixing_engine, fixed_settings;
    std::optional<unsigned> voices, buffer_length, buffer_count, latency;
    std::string device, name, stream_name, server_name, client_name, connect_ports;
    std::optional<bool> try_poll, exact_name;
    std::optional<unsigned> frequency, channels;
    std::optional<Format> format;
    bool operator==(const AudioStream&) const = default;
};
constexpr auto names_of(AudioStream::Format) { return xml::names("s8", "u8", "s16", "u16", "s32", "u32", "f32"); }

/// Where the host plays and records what the guest's sound cards do.
struct Audio {
    enum class Type { none, alsa, coreaudio, jack, oss, pulseaudio, sdl, spice, file, dbus };
    enum class SdlDriver { esd, alsa, arts, pulseaudio };
    unsigned id = 0;
    Type type = Type::none;
    std::optional<unsigned> timer_period;
    std::string server_name;  ///< jack, pulseaudio
    std::optional<SdlDriver> sdl_driver;
    std::string path;  ///< file
    std::optional<bool> try_mmap, exclusive;
    std::optional<unsigned> dsp_policy;  ///< oss
    AudioStream input, output;
    bool operator==(const Audio&) const = default;
};
constexpr auto names_of(Audio::Type) {
    return xml::names("none", "alsa", "coreaudio", "jack", "oss", "pulseaudio", "sdl", "spice", "file", "dbus");
}
constexpr auto names_of(Audio::SdlDriver) { return xml::names("esd", "alsa", "arts", "pulseaudio"); }

extern const xml::Element<AudioStream> audio_stream_element;
extern const xml::Element<Audio> audio_element;

}  // namespace innkeeper::model
