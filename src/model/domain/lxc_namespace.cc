#include "model/domain/lxc_namespace.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Share = LxcNamespace::Share;

struct Entry {
    std::string_view name, tag;
    std::optional<Share> LxcNamespace::*member;
};
constexpr Entry entries[] = {{"sharenet", "lxc:sharenet", &LxcNamespace::net},
                             {"shareipc", "lxc:shareipc", &LxcNamespace::ipc},
                             {"shareuts", "lxc:shareuts", &LxcNamespace::uts}};

Share read_share(const xml::Node& node) {
    const auto type = node.attribute("type");
    const auto with = type ? xml::value_of<Share::With>(*type) : std::nullopt;
    if (!with || *with == Share::With::none)
        throw Error(ErrorCode::internal_error, fmt::format("Unknown LXC namespace source '{}'", type.value_or("")));
    const auto value = node.attribute("value");
    if (!value) throw Error(ErrorCode::internal_error, "No lxc environment type specified");
    return {*with, std::string(*value)};
}

/// The prefix may be any; the namespace counts.
void read(const xml::Node& domain, LxcNamespace& lxc, const xml::ParseFlags&) {
    for (auto node = domain.child(); node; node = node.next()) {
        if (node.name() != "namespace" || node.namespace_uri() != LxcNamespace::uri) continue;
        for (auto child = node.child(); child; child = child.next())
            for (const auto& entry : entries)
                if (child.name() == entry.name) lxc.*entry.member = read_share(child);
    }
}

void write(const LxcNamespace& lxc, xml::Writer& writer) {
    writer.open_if_filled("lxc:namespace");
    for (const auto& entry : entries) {
        const auto& share = lxc.*entry.member;
        if (!share) continue;
        writer.open(entry.tag);
        writer.attribute("type", xml::name(share->with));
        writer.attribute("value", share->value);
        writer.close();
    }
    writer.close();
}

}  // namespace

const xml::Element<LxcNamespace> lxc_namespace_parts = xml::describe<LxcNamespace>(
    "domain", xml::by_hand(read, write)
                  .holds("lxc:namespace/lxc:sharenet@type", "lxc:namespace/lxc:sharenet@value",
                         "lxc:namespace/lxc:shareipc@type", "lxc:namespace/lxc:shareipc@value",
                         "lxc:namespace/lxc:shareuts@type", "lxc:namespace/lxc:shareuts@value"));

}  // namespace innkeeper::model
