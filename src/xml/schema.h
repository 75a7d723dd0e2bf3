#pragma once

#include <span>
#include <string>
#include <string_view>

#include "xml/description.h"

namespace innkeeper::xml {

/// What a prefix in the names of a description stands for.
struct Namespace {
    std::string_view prefix;
    std::string_view uri;
};

/// The RelaxNG grammar (XML syntax) of the documents that a description reads and writes.
///
/// Children come in any order. What is there only where a condition in code holds is optional; a union by an attribute
/// has the content of the type that the attribute names. Children that are kept as they came hold anything, and what is
/// read by hand is known as far as `holds` tells it. The grammar admits whatever the description writes, and no element
/// or attribute that it does not know.
std::string relaxng(const Description& root, std::span<const Namespace> namespaces = {});

/// The same of documents that may be of one kind or of another, whatever their roots are called.
std::string relaxng(std::span<const Description* const> roots, std::span<const Namespace> namespaces = {});

}  // namespace innkeeper::xml
