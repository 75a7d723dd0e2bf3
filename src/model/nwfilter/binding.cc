#include "model/nwfilter/binding.h"

#include "base/error.h"
#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {

namespace {

using Binding = FilterBinding;
using enum ErrorCode;

constexpr std::string_view document_name = "(nwfilterbinding_definition)";

/// What a binding cannot be without, in the order in which the peer misses it.
void check(const xml::Node& node, Binding&, const xml::ParseFlags&) {
    const auto miss = [](bool is_there, const char* what) {
        if (!is_there) throw Error(internal_error, std::string("filter binding has no ") + what);
    };
    const auto has = [](const xml::Node& child, std::string_view attribute) {
        return child && !child.attribute(attribute).value_or("").empty();
    };
    const auto owner = node.child("owner"), link = node.child("linkdev");
    miss(has(node.child("portdev"), "name"), "port dev name");
    miss(!link || has(link, "name"), "link dev name");
    miss(owner && !owner.child("name").text().empty(), "owner name");
    miss(!owner.child("uuid").text().empty(), "owner UUID");
    miss(has(node.child("mac"), "address"), "MAC address");
    miss(has(node.child("filterref"), "filter"), "filter reference");
}
void write_nothing(const Binding&, xml::Writer&) {}

}  // namespace

const xml::Element<FilterBinding> filter_binding = xml::describe<Binding>(
    "filterbinding", xml::by_hand<Binding>(check, write_nothing),
    xml::child(
        "owner", xml::value("name", &Binding::owner_name).required(),
        xml::value("uuid", &Binding::owner_uuid).required().complain(internal_error, "Unable to parse UUID '{}'"))
        .required(),
    xml::child("portdev", xml::attribute("name", &Binding::port).required()).required(),
    xml::child("linkdev", xml::attribute("name", &Binding::link)),
    xml::child("mac",
               xml::attribute("address", &Binding::mac).required().complain(internal_error, "Unable to parse MAC '{}'"))
        .required(),
    xml::child(&Binding::filter, filter_reference_element).required());

const xml::Element<FilterBindingStatus> filter_binding_status = xml::describe<FilterBindingStatus>(
    "filterbindingstatus", xml::child(&FilterBindingStatus::binding, filter_binding).required());

std::string filter_binding_grammar() { return xml::relaxng(filter_binding); }

void validate_filter_binding(std::string_view text) {
    xml::validate(text, document_name, "filterbinding",
                  {"/usr/share/libvirt/schemas/nwfilterbinding.rng", filter_binding_grammar});
}

FilterBinding parse_filter_binding(std::string_view text) {
    const auto document = xml::Document::parse(text, document_name);
    return filter_binding.read(document.root("filterbinding"));
}

}  // namespace innkeeper::model
