#include "drivers/qemu/complete/fragments.h"

#include "xml/node.h"

namespace innkeeper::qemu {

std::string attribute_of(const xml::Fragment& element, std::string_view name) {
    const xml::Document document = xml::Document::parse(element.source, "(element)");
    return std::string(document.root().attribute(name).value_or(""));
}

std::string system_uuid(const xml::Fragment& sysinfo) {
    const xml::Document document = xml::Document::parse(sysinfo.source, "(element)");
    for (xml::Node entry = document.root().child("system").child("entry"); entry; entry = entry.next("entry"))
        if (entry.attribute("name") == "uuid") return entry.text();
    return {};
}

}  // namespace innkeeper::qemu
