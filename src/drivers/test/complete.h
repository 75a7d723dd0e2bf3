#pragma once

namespace innkeeper::model {
struct DomainDef;
}

namespace innkeeper::test {

/// Fills in what a definition leaves open, and refuses what no hypervisor could run.
void complete(model::DomainDef& def);

}  // namespace innkeeper::test
