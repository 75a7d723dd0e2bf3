/// A document from a client, of the kind that its root names: whatever is accepted is written and read again to an
/// equal value, and the quick look at a domain finds the same name.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "model/domain/domain.h"
#include "model/network/network.h"
#include "model/nwfilter/filter.h"
#include "model/secret/secret.h"
#include "model/storage/pool.h"
#include "model/storage/volume.h"
#include "xml/identity.h"
#include "xml/node.h"

using namespace innkeeper;

namespace {

/// The bus of a disk is inferred after the disks were put in order by it, here as in the peer, so that their order is
/// not kept. Targets are unique.
model::DomainDef in_order(model::DomainDef domain) {
    std::ranges::sort(domain.devices.disks, {}, &model::Disk::target);
    return domain;
}

void check_domain(std::string_view text) {
    const auto domain = model::parse_domain(text);
    const auto written = model::format_domain(domain, {.inactive = true, .secure = true});
    // From here on nothing may be refused.
    try {
        if (in_order(model::parse_domain(written)) != in_order(domain)) std::abort();
    } catch (const Error&) {
        std::abort();
    }
    const auto identity = xml::identity(text);
    if (identity && identity->name != domain.name) std::abort();
}

template <class T>
void check(const xml::Element<T>& element, const xml::Node& root) {
    T object = element.read(root);
    const auto text = element.format(object, {.secure = true});
    // From here on nothing may be refused.
    try {
        if (element.read(xml::Document::parse(text, "(again)").root(element.tag)) == object) return;
    } catch (const Error&) {
    }
    std::abort();
}

void check_any(std::string_view text) {
    const auto document = xml::Document::parse(text, "(fuzz)");
    const auto root = document.root();
    const auto name = root.name();
    if (name == "domain") check_domain(text);
    if (name == "network") check(model::network, root);
    if (name == "pool") check(model::pool, root);
    if (name == "volume") check(model::volume, root);
    if (name == "secret") check(model::secret, root);
    if (name == "filter") check(model::nwfilter, root);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    try {
        check_any({reinterpret_cast<const char*>(data), size});
    } catch (const Error&) {
    }
    return 0;
}
