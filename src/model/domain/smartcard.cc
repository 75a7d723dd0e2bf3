#include "model/domain/smartcard.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Mode = Smartcard::Mode;

void read_certificates(const xml::Node& node, Smartcard& card, const xml::ParseFlags&) {
    for (auto certificate = node.child("certificate"); certificate; certificate = certificate.next("certificate"))
        card.certificates.push_back(certificate.text());
    if (card.certificates.size() != 3)
        throw Error(ErrorCode::xml_error, "host-certificates mode needs exactly three certificates");
}
void write_certificates(const Smartcard& card, xml::Writer& writer) {
    for (const auto& certificate : card.certificates) writer.leaf("certificate", certificate);
}

}  // namespace

const xml::Element<Smartcard> smartcard_element =
    xml::describe<Smartcard>(
        "smartcard", xml::attribute("mode", &Smartcard::mode).required(),
        xml::when(&Smartcard::mode, Mode::passthrough, xml::embed(&Smartcard::source, chardev_type_element),
                  xml::embed(&Smartcard::source, chardev_source_element)),
        xml::when(&Smartcard::mode, Mode::host_certificates,
                  xml::by_hand(read_certificates, write_certificates).holds("certificate#"),
                  xml::value("database", &Smartcard::database)),
        xml::embed(&Smartcard::info, device_info_element))
        .finished_by([](Smartcard& card) {
            if (card.info.has_address() && !card.info.at<CcidAddress>())
                throw Error(ErrorCode::config_unsupported, "Controllers must use the 'ccid' address type");
        });

}  // namespace innkeeper::model
