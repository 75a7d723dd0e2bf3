// Prints the path of every element and attribute that a domain's declarations know, one a line: domain/os/type@arch.

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "model/domain/domain.h"

namespace {

using innkeeper::xml::Description;
using innkeeper::xml::Part;

std::set<std::string> found;

void list_inside(const Description& description, const std::string& path, std::vector<const Description*> above);

/// A chain of backing stores describes itself: it is followed once.
bool is_above(const Description& description, const std::vector<const Description*>& above) {
    return std::find(above.begin(), above.end(), &description) != above.end();
}

void list_parts(const std::vector<Part>& parts, const std::string& path, const std::vector<const Description*>& above) {
    for (const Part& part : parts) {
        const std::string below = path + "/" + std::string(part.name);
        switch (part.kind) {
            case Part::Kind::attribute:
                found.insert(path + "@" + std::string(part.name));
                break;
            case Part::Kind::amount:
                found.insert(below + "@unit");
                [[fallthrough]];
            case Part::Kind::value:
            case Part::Kind::flag:
            case Part::Kind::verbatim:
                found.insert(below);
                break;
            case Part::Kind::group:
                found.insert(below);
                list_parts(part.parts, below, above);
                break;
            case Part::Kind::element: {
                if (is_above(*part.description, above)) break;
                const std::string element =
                    path + "/" + std::string(part.name.empty() ? part.description->tag : part.name);
                found.insert(element);
                list_inside(*part.description, element, above);
                break;
            }
            case Part::Kind::embedded:
                list_inside(*part.description, path, above);
                break;
            case Part::Kind::when:
                list_parts(part.parts, path, above);
                break;
            case Part::Kind::one_of:
                found.insert(path + "@" + std::string(part.name));
                for (const auto& alternative : part.alternatives) list_inside(*alternative.description, path, above);
                break;
            case Part::Kind::by_hand:
                list_parts(part.parts, path, above);
                break;
            case Part::Kind::text:
                break;
        }
    }
}

void list_inside(const Description& description, const std::string& path, std::vector<const Description*> above) {
    if (is_above(description, above)) return;
    above.push_back(&description);
    list_parts(description.parts, path, above);
}

}  // namespace

int main() {
    found.insert("domain");
    list_inside(innkeeper::model::domain_element, "domain", {});
    for (const auto& path : found) std::puts(path.c_str());
}
