#include "model/domain/input.h"

#include "base/error.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

bool is_passthrough(const Input& input) { return input.type == Input::Type::passthrough; }
bool is_evdev(const Input& input) { return input.type == Input::Type::evdev; }

/// Events that the host passes on come by no bus.
void check_bus(Input& input) {
    if (!is_evdev(input) || !input.bus) return;
    if (input.bus == Input::Bus::ps2)
        throw Error(ErrorCode::internal_error, "ps2 bus does not support evdev input device");
    if (input.bus == Input::Bus::xen) throw Error(ErrorCode::internal_error, "unsupported input bus xen");
    throw Error(ErrorCode::config_unsupported, "input evdev doesn't support bus element");
}

}  // namespace

const xml::Element<Input> input_element =
    xml::describe<Input>("input",
                         xml::attribute("type", &Input::type)
                             .required()
                             .complain(ErrorCode::config_unsupported, "unknown input device type '{}'"),
                         xml::attribute("bus", &Input::bus)
                             .complain(ErrorCode::config_unsupported, "unknown input bus type '{}'")
                             .written_when([](const Input& input) { return !is_evdev(input); }),
                         xml::attribute("model", &Input::model),
                         xml::child("driver", xml::embed(&Input::virtio, virtio_options_element)),
                         xml::when(is_passthrough, xml::child("source", xml::attribute("evdev", &Input::source))),
                         xml::when(is_evdev, xml::child("source", xml::attribute("dev", &Input::source),
                                                        xml::attribute("grab", &Input::grab),
                                                        xml::attribute("grabToggle", &Input::grab_toggle),
                                                        xml::attribute("repeat", &Input::repeat, xml::on_off))),
                         xml::embed(&Input::info, device_info_element))
        .finished_by(check_bus);

}  // namespace innkeeper::model
