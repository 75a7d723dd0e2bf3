#include "model/domain/input.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

bool is_passthrough(const Input& input) { return input.type == Input::Type::passthrough; }
bool is_evdev(const Input& input) { return input.type == Input::Type::evdev; }

}  // namespace

const xml::Element<Input> input_element = xml::describe<Input>(
    "input",
    xml::attribute("type", &Input::type)
        .required()
        .complain(ErrorCode::config_unsupported, "unknown input device type '{}'"),
    xml::attribute("bus", &Input::bus).written_when([](const Input& input) { return !is_evdev(input); }),
    xml::attribute("model", &Input::model), xml::child("driver", xml::embed(&Input::virtio, virtio_options_element)),
    xml::when(is_passthrough, xml::child("source", xml::attribute("evdev", &Input::source))),
    xml::when(is_evdev,
              xml::child("source", xml::attribute("dev", &Input::source), xml::attribute("grab", &Input::grab),
                         xml::attribute("grabToggle", &Input::grab_toggle),
                         xml::attribute("repeat", &Input::repeat, xml::on_off))),
    xml::embed(&Input::info, device_info_element));

}  // namespace innkeeper::model
