#pragma once

#include <string>
#include <string_view>

namespace innkeeper::xml {

/// A RelaxNG schema: the installed file if there is one, otherwise the grammar that came with the program.
struct Schema {
    std::string file;          ///< "/usr/share/libvirt/schemas/domain.rng"
    std::string (*grammar)();  ///< made when it is needed; nullptr: there is none
};

/// Whether a document that a client sent follows the schema. Throws the peer's sentences in its order: first what is
/// wrong with the document's form (`what` and `root` as in `Document`), then what the schema refuses
/// (`xml_invalid_schema`, in libxml2's words). Blocks and takes milliseconds: for the pool. Nothing that the document
/// says is fetched or expanded.
void validate(std::string_view text, std::string_view what, std::string_view root, const Schema& schema);

}  // namespace innkeeper::xml
