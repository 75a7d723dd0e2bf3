#include "model/domain/video.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

const auto resolution_element =
    xml::describe<VideoResolution>("resolution", xml::attribute("x", &VideoResolution::x).required(),
                                   xml::attribute("y", &VideoResolution::y).required());

const auto acceleration_element = xml::describe<Video::Acceleration>(
    "acceleration", xml::attribute("accel3d", &Video::Acceleration::accel3d, xml::yes_no),
    xml::attribute("accel2d", &Video::Acceleration::accel2d, xml::yes_no),
    xml::attribute("rendernode", &Video::Acceleration::render_node));

}  // namespace

const xml::Element<Video> video_element = xml::describe<Video>(
    "video",
    xml::child("driver", xml::embed(&Video::virtio, virtio_options_element), xml::attribute("vgaconf", &Video::vgaconf),
               xml::attribute("name", &Video::backend).omit("qemu")),
    xml::child("model",
               xml::attribute("type", &Video::type).complain(ErrorCode::config_unsupported, "unknown video model '{}'"),
               xml::attribute("ram", &Video::ram), xml::attribute("vram", &Video::vram),
               xml::attribute("vram64", &Video::vram64), xml::attribute("vgamem", &Video::vgamem),
               xml::attribute("heads", &Video::heads),
               xml::attribute("primary", &Video::primary, xml::yes_no).omit("no"),
               xml::attribute("blob", &Video::blob, xml::on_off),
               xml::child("acceleration", &Video::acceleration, acceleration_element),
               xml::child(&Video::resolution, resolution_element)),
    xml::embed(&Video::info, device_info_element));

}  // namespace innkeeper::model
