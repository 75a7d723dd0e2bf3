#include "model/domain/tpm.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

constexpr std::string_view banks[] = {"sha1", "sha256", "sha384", "sha512"};

void read_banks(const xml::Node& node, Tpm& tpm, const xml::ParseFlags&) {
    for (const auto bank : banks)
        if (node.child("active_pcr_banks").child(bank)) tpm.pcr_banks.emplace_back(bank);
}
void write_banks(const Tpm& tpm, xml::Writer& writer) {
    writer.open_if_filled("active_pcr_banks");
    for (const auto& bank : tpm.pcr_banks) writer.leaf(bank);
    writer.close();
}

bool is_emulator(const Tpm& tpm) { return tpm.backend == Tpm::Backend::emulator; }

void settle(Tpm& tpm) {
    if (tpm.backend == Tpm::Backend::passthrough && tpm.device.empty()) tpm.device = "/dev/tpm0";
}

}  // namespace

const xml::Element<Tpm> tpm_element =
    xml::describe<Tpm>("tpm", xml::attribute("model", &Tpm::model),
                       xml::child("backend", xml::attribute("type", &Tpm::backend).required(),
                                  xml::attribute("version", &Tpm::version).written_when(is_emulator),
                                  xml::attribute("persistent_state", &Tpm::persistent_state, xml::yes_no),
                                  xml::child("device", xml::attribute("path", &Tpm::device)),
                                  xml::child("encryption", xml::attribute("secret", &Tpm::secret)),
                                  xml::by_hand(read_banks, write_banks)
                                      .holds("active_pcr_banks/sha1/", "active_pcr_banks/sha256/",
                                             "active_pcr_banks/sha384/", "active_pcr_banks/sha512/"))
                           .required(ErrorCode::xml_error, "missing TPM device backend"),
                       xml::embed(&Tpm::info, device_info_element))
        .finished_by(settle);

}  // namespace innkeeper::model
