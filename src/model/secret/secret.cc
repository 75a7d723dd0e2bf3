#include "model/secret/secret.h"

#include <fmt/format.h>

#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {

namespace {

using Usage = Secret::Usage;

/// The element that says what exactly the secret is for, with the peer's sentence for its absence.
struct UsageElement {
    std::string_view tag, missing;
};

UsageElement usage_element(Usage usage) {
    switch (usage) {
        case Usage::none:
            return {};
        case Usage::volume:
            return {"volume", "volume usage specified, but volume path is missing"};
        case Usage::ceph:
            return {"name", "Ceph usage specified, but name is missing"};
        case Usage::iscsi:
            return {"target", "iSCSI usage specified, but target is missing"};
        case Usage::tls:
            return {"name", "TLS usage specified, but name is missing"};
        case Usage::vtpm:
            return {"name", "vTPM usage specified, but name is missing"};
    }
    return {};
}

void read_usage(const xml::Node& node, Secret& secret, const xml::ParseFlags&) {
    const auto usage = node.child("usage");
    if (!usage) return;
    const auto type = usage.attribute("type");
    if (!type) throw Error(ErrorCode::xml_error, "unknown secret usage type");
    const auto known = xml::value_of<Usage>(*type);
    if (!known) throw Error(ErrorCode::config_unsupported, fmt::format("unknown secret usage type {}", *type));
    secret.usage = *known;
    const auto element = usage_element(secret.usage);
    if (element.tag.empty()) return;
    secret.usage_id = usage.child(element.tag).text();
    if (secret.usage_id.empty()) throw Error(ErrorCode::internal_error, std::string(element.missing));
}

void write_usage(const Secret& secret, xml::Writer& writer) {
    const auto element = usage_element(secret.usage);
    if (element.tag.empty()) return;
    writer.open("usage");
    writer.attribute("type", xml::name(secret.usage));
    writer.leaf(element.tag, secret.usage_id);
    writer.close();
}

void complete(Secret& secret) {
    if (!secret.uuid) secret.uuid = Uuid::random();
}

}  // namespace

const xml::Element<Secret> secret =
    xml::describe<Secret>(
        "secret",
        xml::attribute("ephemeral", &Secret::ephemeral).complain(ErrorCode::xml_error, "invalid value of 'ephemeral'"),
        xml::attribute("private", &Secret::is_private).complain(ErrorCode::xml_error, "invalid value of 'private'"),
        xml::value("uuid", &Secret::uuid).complain(ErrorCode::internal_error, "malformed uuid element"),
        xml::value("description", &Secret::description),
        xml::by_hand<Secret>(read_usage, write_usage)
            .holds("usage@type", "usage/volume#", "usage/name#", "usage/target#"))
        .finished_by(complete);

std::string secret_grammar() { return xml::relaxng(secret); }

void validate_secret(std::string_view text) {
    xml::validate(text, "(definition_of_secret)", "secret", {"/usr/share/libvirt/schemas/secret.rng", secret_grammar});
}

}  // namespace innkeeper::model
