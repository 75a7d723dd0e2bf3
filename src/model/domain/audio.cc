#include "model/domain/audio.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<AudioStream> audio_stream_element = xml::describe<AudioStream>(
    "input", xml::attribute("mixingEngine", &AudioStream::mixing_engine, xml::yes_no),
    xml::attribute("fixedSettings", &AudioStream::fixed_settings, xml::yes_no),
    xml::attribute("voices", &AudioStream::voices), xml::attribute("bufferLength", &AudioStream::buffer_length),
    xml::attribute("dev", &AudioStream::device), xml::attribute("bufferCount", &AudioStream::buffer_count),
    xml::attribute("tryPoll", &AudioStream::try_poll, xml::yes_no),
    xml::attribute("serverName", &AudioStream::server_name), xml::attribute("clientName", &AudioStream::client_name),
    xml::attribute("connectPorts", &AudioStream::connect_ports),
    xml::attribute("exactName", &AudioStream::exact_name, xml::yes_no), xml::attribute("name", &AudioStream::name),
    xml::attribute("streamName", &AudioStream::stream_name), xml::attribute("latency", &AudioStream::latency),
    xml::child("settings", xml::attribute("frequency", &AudioStream::frequency),
               xml::attribute("channels", &AudioStream::channels), xml::attribute("format", &AudioStream::format)));

const xml::Element<Audio> audio_element = xml::describe<Audio>(
    "audio", xml::attribute("id", &Audio::id).required().at_least(1), xml::attribute("type", &Audio::type).required(),
    xml::attribute("timerPeriod", &Audio::timer_period), xml::attribute("tryMMap", &Audio::try_mmap, xml::yes_no),
    xml::attribute("exclusive", &Audio::exclusive, xml::yes_no), xml::attribute("dspPolicy", &Audio::dsp_policy),
    xml::attribute("serverName", &Audio::server_name), xml::attribute("driver", &Audio::sdl_driver),
    xml::attribute("path", &Audio::path), xml::child("input", &Audio::input, audio_stream_element),
    xml::child("output", &Audio::output, audio_stream_element));

}  // namespace innkeeper::model
