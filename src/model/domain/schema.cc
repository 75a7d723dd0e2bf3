#include "model/domain/schema.h"

#include "base/in_domain.h"
#include "model/domain/domain.h"
#include "model/domain/host_cpu.h"
#include "xml/validate.h"

namespace innkeeper::model {

std::span<const xml::Namespace> domain_namespaces() {
    static constexpr xml::Namespace namespaces[] = {{"qemu", "http://libvirt.org/schemas/domain/qemu/1.0"},
                                                    {"lxc", "http://libvirt.org/schemas/domain/lxc/1.0"},
                                                    {"xen", "http://libvirt.org/schemas/domain/xen/1.0"},
                                                    {"bhyve", "http://libvirt.org/schemas/domain/bhyve/1.0"},
                                                    {"vmware", "http://libvirt.org/schemas/domain/vmware/1.0"}};
    return namespaces;
}

std::string domain_grammar() { return xml::relaxng(domain_element, domain_namespaces()); }

std::string cpu_grammar() {
    const xml::Description* const kinds[] = {&cpu_element, &host_cpu_element};
    return xml::relaxng(kinds);
}

void validate_domain(std::string_view text) {
    // A part of the distribution, like an emulator: the same for every root directory.
    const xml::Schema schema{"/usr/share/libvirt/schemas/domain.rng", domain_grammar};
    in_domain(ErrorDomain::domain, [&] { xml::validate(text, "(domain_definition)", "domain", schema); });
}

}  // namespace innkeeper::model
