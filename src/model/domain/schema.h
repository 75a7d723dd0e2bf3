#pragma once

#include <span>
#include <string>
#include <string_view>

#include "xml/schema.h"

namespace innkeeper::model {

/// The prefixes of elements in a definition that only one hypervisor understands.
std::span<const xml::Namespace> domain_namespaces();

/// The RelaxNG grammar of `<domain>`, made from its declarations.
std::string domain_grammar();
/// That of `<cpu>`, which is a guest's or a host's.
std::string cpu_grammar();

/// What a client asks for with the VALIDATE flags, before the definition is read: whether the document follows the
/// installed schema (the built-in grammar where none is installed). Throws the peer's sentences; for the pool.
void validate_domain(std::string_view text);

}  // namespace innkeeper::model
