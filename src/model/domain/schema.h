#pragma once

#include <string>
#include <string_view>

namespace innkeeper::model {

/// The RelaxNG grammar of `<domain>`, made from its declarations.
std::string domain_grammar();

/// What a client asks for with the VALIDATE flags, before the definition is read: whether the document follows the
/// installed schema (the built-in grammar where none is installed). Throws the peer's sentences; for the pool.
void validate_domain(std::string_view text);

}  // namespace innkeeper::model
