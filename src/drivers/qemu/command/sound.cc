#include "model/domain/sound.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// Sound cards, and the host's backends through which they are heard.
namespace innkeeper::qemu {

using model::Audio;
using model::AudioStream;
using model::Sound;
using model::SoundCodec;

namespace {

std::string_view driver_of(Audio::Type type) {
    if (type == Audio::Type::pulseaudio) return "pa";
    if (type == Audio::Type::file) return "wav";
    return xml::name(type);
}

Props stream_of(Audio::Type type, const AudioStream& stream) {
    Props props;
    props.add("mixing-engine", stream.mixing_engine).add("fixed-settings", stream.fixed_settings);
    props.add("voices", stream.voices).add("buffer-length", stream.buffer_length);
    props.add("frequency", stream.frequency).add("channels", stream.channels);
    if (stream.format) props.add("format", xml::name(*stream.format));
    switch (type) {
        case Audio::Type::alsa:
            props.add_if("dev", stream.device);
            break;
        case Audio::Type::coreaudio:
        case Audio::Type::sdl:
            props.add("buffer-count", stream.buffer_count);
            break;
        case Audio::Type::jack:
            props.add_if("server-name", stream.server_name).add_if("client-name", stream.client_name);
            props.add_if("connect-ports", stream.connect_ports).add("exact-name", stream.exact_name);
            break;
        case Audio::Type::oss:
            props.add_if("dev", stream.device)
                .add("buffer-count", stream.buffer_count)
                .add("try-poll", stream.try_poll);
            break;
        case Audio::Type::pulseaudio:
            props.add_if("name", stream.name).add("latency", stream.latency);
            break;
        default:
            break;
    }
    return props;
}

void add_audio(Builder& b, const Audio& audio) {
    Props props;
    props.add("id", fmt::format("audio{}", audio.id)).add("driver", driver_of(audio.type));
    props.add("timer-period", audio.timer_period);
    if (audio.type == Audio::Type::pulseaudio) props.add_if("server", audio.server_name);
    if (audio.type == Audio::Type::file) props.add_if("path", audio.path);
    if (audio.type == Audio::Type::oss)
        props.add("try-mmap", audio.try_mmap).add("exclusive", audio.exclusive).add("dsp-policy", audio.dsp_policy);
    const Props in = stream_of(audio.type, audio.input), out = stream_of(audio.type, audio.output);
    if (!in.object().empty()) props.add("in", in);
    if (!out.object().empty()) props.add("out", out);
    if (audio.type == Audio::Type::sdl && audio.sdl_driver)
        b.line.environment.emplace_back("SDL_AUDIODRIVER", xml::name(*audio.sdl_driver));
    b.option("-audiodev", props);
}

/// The chip on the bus behind a HD audio controller.
std::string_view codec_device(SoundCodec::Type type) {
    switch (type) {
        case SoundCodec::Type::duplex:
            return "hda-duplex";
        case SoundCodec::Type::micro:
            return "hda-micro";
        case SoundCodec::Type::output:
            return "hda-output";
    }
    return "hda-duplex";
}

std::string audio_of(const Builder& b, const Sound& sound) {
    std::optional<unsigned> id = sound.audio_id;
    if (!id && !b.devices.audios.empty()) id = b.devices.audios.front().id;
    return id ? fmt::format("audio{}", *id) : "";
}

void add_codecs(Builder& b, const Sound& sound, const std::string& audio) {
    std::vector<SoundCodec> codecs = sound.codecs;
    if (codecs.empty()) codecs.emplace_back();
    for (std::size_t i = 0; i < codecs.size(); ++i)
        b.device(Props(codec_device(codecs[i].type))
                     .add("id", fmt::format("{}-codec{}", sound.info.alias, i))
                     .add("bus", sound.info.alias + ".0")
                     .add("cad", i)
                     .add_if("audiodev", audio));
}

void add_sound(Builder& b, const Sound& sound) {
    const std::string audio = audio_of(b, sound);
    const auto card = [&](std::string_view device, bool plays_itself) {
        Props props(device);
        props.add("id", sound.info.alias);
        if (plays_itself) props.add_if("audiodev", audio);
        b.device(props, sound.info);
    };
    switch (sound.model) {
        case Sound::Model::es1370:
            return card("ES1370", true);
        case Sound::Model::sb16:
            return card("sb16", true);
        case Sound::Model::ac97:
            return card("AC97", true);
        case Sound::Model::usb:
            return card("usb-audio", true);
        case Sound::Model::ich6:
            card("intel-hda", false);
            return add_codecs(b, sound, audio);
        case Sound::Model::ich9:
            card("ich9-intel-hda", false);
            return add_codecs(b, sound, audio);
        // The speaker is on the board, and this the only word for it.
        case Sound::Model::pcspk:
            return b.option("-soundhw", "pcspk");
        case Sound::Model::ich7:
            unsupported("sound card model 'ich7' is not supported by QEMU");
    }
}

}  // namespace

void add_audios(Builder& b) {
    for (const Audio& audio : b.devices.audios) add_audio(b, audio);
}

void add_sounds(Builder& b) {
    for (const Sound& sound : b.devices.sounds) add_sound(b, sound);
}

}  // namespace innkeeper::qemu
