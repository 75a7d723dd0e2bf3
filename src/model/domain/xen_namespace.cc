#include "model/domain/xen_namespace.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

/// The prefix may be any; the namespace counts.
void read(const xml::Node& domain, XenNamespace& xen, const xml::ParseFlags&) {
    for (auto line = domain.child(); line; line = line.next()) {
        if (line.name() != "commandline" || line.namespace_uri() != XenNamespace::uri) continue;
        for (auto argument = line.child(); argument; argument = argument.next()) {
            if (argument.name() != "arg") continue;
            const auto value = argument.attribute("value");
            if (!value) throw Error(ErrorCode::internal_error, "No device model command-line argument specified");
            xen.arguments.emplace_back(*value);
        }
    }
}

void write(const XenNamespace& xen, xml::Writer& writer) {
    writer.open_if_filled("xen:commandline");
    for (const auto& argument : xen.arguments) {
        writer.open("xen:arg");
        writer.attribute("value", argument);
        writer.close();
    }
    writer.close();
}

}  // namespace

const xml::Element<XenNamespace> xen_namespace_parts =
    xml::describe<XenNamespace>("domain", xml::by_hand(read, write).holds("xen:commandline/xen:arg@value"));

}  // namespace innkeeper::model
