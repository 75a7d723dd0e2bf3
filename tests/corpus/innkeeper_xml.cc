/// Reads definitions and prints them again, for comparing with what another daemon makes of them:
///
///     innkeeper-xml domain [--inactive] FILE…
///
/// For each file a line "== FILE ok" and the document, or "== FILE error CODE" and the message.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"
#include "model/domain/domain.h"
#include "xml/compare.h"

using namespace innkeeper;

namespace {

std::string contents(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Disks are put in order before a missing bus is inferred, so that a document without buses is ordered anew when it is
/// read again. libvirt 9.0 does the same, and what it recorded depends on it: the disks are compared as a set.
void order_disks(model::DomainDef& domain) { std::ranges::sort(domain.devices.disks, {}, &model::Disk::target); }

void print(const char* path) {
    try {
        auto domain = model::parse_domain(contents(path));
        const auto text = model::format_domain(domain, {.inactive = true});
        auto again = model::parse_domain(model::format_domain(domain, {.inactive = true, .secure = true}));
        order_disks(domain);
        order_disks(again);
        std::printf("== %s ok\n%s", path, text.c_str());
        if (again == domain) return;
        std::printf("!! the second reading differs\n");
        for (const auto& difference : xml::compare(model::domain_element, domain, again))
            std::printf("!! %s: %s -> %s\n", difference.path.c_str(), difference.before.c_str(),
                        difference.after.c_str());
    } catch (const Error& error) {
        std::printf("== %s error %d\n%s\n", path, static_cast<int>(error.code()), error.message().c_str());
    }
}

}  // namespace

int main(int count, char** words) {
    if (count < 2 || std::strcmp(words[1], "domain") != 0) {
        std::fprintf(stderr, "usage: innkeeper-xml domain FILE...\n");
        return 2;
    }
    for (int i = 2; i < count; ++i) print(words[i]);
}
