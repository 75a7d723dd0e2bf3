#pragma once

#include <string>
#include <string_view>

namespace innkeeper::model {

/// The RelaxNG grammars of these documents, made from their declarations.
std::string snapshot_grammar();
std::string checkpoint_grammar();
std::string backup_grammar();

/// Whether a document that a client sent follows the installed schema (the built-in grammar where none is installed).
/// Checkpoints and backups are always looked at, snapshots where a client asks for it. Throw the peer's sentences; for
/// the pool.
void validate_snapshot(std::string_view text);
void validate_checkpoint(std::string_view text);
void validate_backup(std::string_view text);

}  // namespace innkeeper::model
