#include "model/domain/shmem.h"

#include <charconv>

#include "xml/amount.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

void check(Shmem& shmem, const xml::Node& node, const xml::ParseFlags&) {
    // An amount is rounded up, but this one the peer cuts off.
    if (const auto size = node.child("size"); size && shmem.size_mib) {
        const auto text = size.text();
        std::uint64_t count = 0;
        std::from_chars(text.data(), text.data() + text.size(), count);
        shmem.size_mib = xml::convert_amount(count, size.attribute("unit").value_or("bytes"), "bytes") >> 20;
    }
    shmem.has_server = bool(node.child("server"));
    shmem.has_msi = bool(node.child("msi"));
    if (shmem.name.find('/') != std::string::npos)
        throw Error(ErrorCode::config_unsupported, "shmem name cannot include '/' character");
    if (shmem.has_msi && !shmem.has_server)
        throw Error(ErrorCode::xml_error, "msi option is only supported with a server");
}

}  // namespace

const xml::Element<Shmem> shmem_element =
    xml::describe<Shmem>(
        "shmem", xml::attribute("name", &Shmem::name).required(), xml::attribute("role", &Shmem::role),
        xml::child("model", xml::attribute("type", &Shmem::model)), xml::amount("size", &Shmem::size_mib, "M"),
        xml::child("server", xml::attribute("path", &Shmem::server)).keep_empty().written_when([](const Shmem& shmem) {
            return shmem.has_server;
        }),
        xml::child("msi", xml::attribute("enabled", &Shmem::msi_enabled, xml::on_off),
                   xml::attribute("vectors", &Shmem::msi_vectors),
                   xml::attribute("ioeventfd", &Shmem::ioeventfd, xml::on_off))
            .keep_empty()
            .written_when([](const Shmem& shmem) { return shmem.has_msi; }),
        xml::embed(&Shmem::info, device_info_element))
        .finished_by(check);

}  // namespace innkeeper::model
