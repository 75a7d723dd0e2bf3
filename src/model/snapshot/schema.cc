#include "model/snapshot/schema.h"

#include <fmt/format.h>

#include "base/in_domain.h"
#include "model/domain/schema.h"
#include "model/snapshot/backup.h"
#include "model/snapshot/checkpoint.h"
#include "model/snapshot/snapshot.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {

namespace {

// A part of the distribution, like an emulator: the same for every root directory.
xml::Schema schema_of(std::string_view root, std::string (*grammar)()) {
    return {fmt::format("/usr/share/libvirt/schemas/{}.rng", root), grammar};
}

}  // namespace

std::string snapshot_grammar() { return xml::relaxng(snapshot_element, domain_namespaces()); }
std::string checkpoint_grammar() { return xml::relaxng(checkpoint_element, domain_namespaces()); }
std::string backup_grammar() { return xml::relaxng(backup_element); }

void validate_snapshot(std::string_view text) {
    in_domain(ErrorDomain::domain_snapshot, [&] {
        xml::validate(text, "(domain_snapshot)", "domainsnapshot", schema_of("domainsnapshot", snapshot_grammar));
    });
}
void validate_checkpoint(std::string_view text) {
    in_domain(ErrorDomain::domain_checkpoint, [&] {
        xml::validate(text, "(domain_checkpoint)", "domaincheckpoint",
                      schema_of("domaincheckpoint", checkpoint_grammar));
    });
}
void validate_backup(std::string_view text) {
    in_domain(ErrorDomain::domain, [&] {
        xml::validate(text, "(domain_backup)", "domainbackup", schema_of("domainbackup", backup_grammar));
    });
}

}  // namespace innkeeper::model
