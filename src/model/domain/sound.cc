#include "model/domain/sound.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

const auto codec_element = xml::describe<SoundCodec>("codec", xml::attribute("type", &SoundCodec::type).required());

/// Two names for one card.
void settle_model(Sound& sound) {
    if (sound.model == Sound::Model::ich7) sound.model = Sound::Model::ich9;
}

}  // namespace

const xml::Element<Sound> sound_element =
    xml::describe<Sound>(
        "sound", xml::attribute("model", &Sound::model).required(), xml::children(&Sound::codecs, codec_element),
        xml::child("audio", xml::attribute("id", &Sound::audio_id)), xml::embed(&Sound::info, device_info_element))
        .finished_by(settle_model);

}  // namespace innkeeper::model
