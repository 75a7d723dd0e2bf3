#include "model/domain/rng.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

/// The backend's element says which kind it is, and its text or its children the rest.
void read_backend(const xml::Node& backend, Rng& rng, const xml::ParseFlags& flags) {
    switch (rng.backend) {
        case Rng::Backend::random:
            rng.device = backend.text();
            if (rng.device.empty()) rng.device = "/dev/random";
            return;
        case Rng::Backend::egd:
            xml::read_into(chardev_type_element, backend, &rng.source, flags);
            xml::read_into(chardev_source_element, backend, &rng.source, flags);
            return;
        case Rng::Backend::builtin:
            return;
    }
}

void write_backend(const Rng& rng, xml::Writer& writer) {
    switch (rng.backend) {
        case Rng::Backend::random:
            if (!rng.device.empty()) writer.text(rng.device);
            return;
        case Rng::Backend::egd:
            xml::write_inside(chardev_type_element, &rng.source, writer);
            xml::write_inside(chardev_source_element, &rng.source, writer);
            return;
        case Rng::Backend::builtin:
            return;
    }
}

}  // namespace

const xml::Element<Rng> rng_element = xml::describe<Rng>(
    "rng",
    xml::attribute("model", &Rng::model).required().complain(ErrorCode::config_unsupported, "unknown RNG model '{}'"),
    xml::child("rate", xml::attribute("bytes", &Rng::rate_bytes).required(),
               xml::attribute("period", &Rng::rate_period).omit("0")),
    xml::child("backend", xml::attribute("model", &Rng::backend).required(),
               xml::by_hand(read_backend, write_backend)
                   .holds(xml::text(&Rng::device), xml::embed(&Rng::source, chardev_type_element),
                          xml::embed(&Rng::source, chardev_source_element)))
        .required(ErrorCode::xml_error, "missing RNG device backend"),
    xml::child("driver", xml::embed(&Rng::virtio, virtio_options_element)),
    xml::embed(&Rng::info, device_info_element));

}  // namespace innkeeper::model
