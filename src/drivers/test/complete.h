#pragma once

namespace innkeeper::model {
struct DomainDef;
}

namespace innkeeper::test {

/// Fills in what a definition leaves open, and refuses what no hypervisor could run.
void complete(model::DomainDef& def);

/// Without what older versions do not know: a keyboard at the board's own port, and how a POWER machine's root is made.
model::DomainDef migratable(model::DomainDef def);

}  // namespace innkeeper::test
