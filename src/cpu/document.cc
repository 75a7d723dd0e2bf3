#include "cpu/document.h"

#include <fmt/format.h>

#include "base/error.h"
#include "model/domain/os.h"
#include "model/domain/schema.h"
#include "xml/node.h"
#include "xml/validate.h"

namespace innkeeper::cpu {

namespace {

Error refusal(ErrorCode code, std::string text) { return Error(code, ErrorDomain::cpu, std::move(text)); }

constexpr std::string_view document_name = "(CPU_definition)";

xml::Document parse(std::string_view text) {
    auto document = xml::Document::parse(text, document_name);
    const xml::Node root = document.root();
    if (root.qualified_name() != "cpu")
        throw refusal(ErrorCode::xml_error, "XML does not contain expected 'cpu' element");
    return document;
}

model::HostCpu read_host(const xml::Node& node) {
    if (node.attribute("mode"))
        throw refusal(ErrorCode::config_unsupported, "Attribute mode is only allowed for guest CPU");
    if (node.attribute("migratable"))
        throw refusal(ErrorCode::config_unsupported,
                      "Attribute migratable is only allowed for 'host-passthrough' / 'maximum' CPU mode");
    const std::string arch = node.child("arch").text();
    if (arch.empty()) throw refusal(ErrorCode::xml_error, "Missing CPU architecture");
    if (!xml::value_of<model::Architecture>(arch))
        throw refusal(ErrorCode::config_unsupported, fmt::format("Unknown architecture {}", arch));
    model::HostCpu cpu = model::host_cpu_element.read(node);
    if (cpu.model.empty()) throw refusal(ErrorCode::xml_error, "Missing CPU model name");
    return cpu;
}

}  // namespace

void validate_cpu(std::string_view text) try {
    parse(text);
    xml::validate(text, document_name, "cpu", {"/usr/share/libvirt/schemas/cpu.rng", model::cpu_grammar});
} catch (Error& error) {
    error.set_domain_if_none(ErrorDomain::cpu);
    throw;
}

CpuDocument read_cpu(std::string_view text) try {
    const xml::Document document = parse(text);
    const xml::Node root = document.root();
    CpuDocument read;
    read.is_host = static_cast<bool>(root.child("arch"));
    if (!read.is_host) {
        read.guest = model::cpu_element.read(root);
        return read;
    }
    if (root.attribute("match"))
        throw refusal(ErrorCode::xml_error,
                      "'arch' element cannot be used inside 'cpu' element with 'match' attribute'");
    read.host = read_host(root);
    return read;
} catch (Error& error) {
    error.set_domain_if_none(ErrorDomain::cpu);
    throw;
}

model::HostCpu read_host_cpu(std::string_view text) try {
    const xml::Document document = parse(text);
    return read_host(document.root());
} catch (Error& error) {
    error.set_domain_if_none(ErrorDomain::cpu);
    throw;
}

}  // namespace innkeeper::cpu
