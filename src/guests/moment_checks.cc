#include "guests/moment_checks.h"

#include <ctime>

#include "guests/guests.h"
#include "xml/compare.h"

namespace innkeeper::guests {

namespace {

/// With the suffix and a draft's it must still be a file's name.
constexpr std::size_t longest_name = 240;

}  // namespace

void check_moment_name(const std::string& name, std::string_view noun) {
    const auto refuse = [&](std::string_view why) {
        throw Error(ErrorCode::xml_detail, fmt::format("invalid {} name '{}': {}", noun, name, why));
    };
    if (name.contains('/')) refuse("name can't contain '/'");
    if (name.starts_with('.')) refuse("name can't start with '.'");
    if (name.size() > longest_name) refuse("name is too long");
}

void already_exists(const std::string& name) {
    throw Error(ErrorCode::operation_failed, ErrorDomain::domain, fmt::format("domain moment {} already exists", name));
}

DefPtr asleep(const model::DomainDef& live) {
    auto before = live;
    before.restore_cpu();
    auto def = std::make_shared<model::DomainDef>(
        model::parse_domain(model::format_domain(before, {.inactive = true, .secure = true})));
    std::erase_if(def->security_labels, [](const model::SecurityLabel& label) {
        return label.type == model::SecurityLabel::Type::dynamic && label.base_label.empty();
    });
    return def;
}

void check_same_guest(const model::DomainDef& def, const Guest& guest, const std::string& name, std::string_view noun,
                      ErrorDomain domain) {
    if (def.uuid != guest.uuid())
        throw Error(ErrorCode::invalid_arg, domain,
                    fmt::format("definition for {} {} must use uuid {}", noun, name, guest.uuid().text()));
}

void check_same_machine(const model::DomainDef& before, const model::DomainDef& now) {
    const auto refuse = [](std::string sentence) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain, std::move(sentence));
    };
    if (before.name != now.name)
        refuse(fmt::format("Target domain name '{}' does not match source '{}'", now.name, before.name));
    if (before.memory_kib != now.memory_kib)
        refuse(fmt::format("Target domain max memory {} does not match source {}", now.memory_kib, before.memory_kib));
    for (const auto& difference : xml::compare(model::domain_element, before, now))
        if (difference.is_fixed)
            refuse(fmt::format("Target {} '{}' does not match source '{}'", difference.path, difference.after,
                               difference.before));
}

std::shared_ptr<const model::CheckpointDef> settled_checkpoint(Guests& guests, model::CheckpointDef checkpoint) {
    if (guests.checkpoints().is_on_disk()) check_moment_name(checkpoint.name, "checkpoint");
    model::match_disks(checkpoint);
    return std::make_shared<const model::CheckpointDef>(std::move(checkpoint));
}

Task<std::shared_ptr<const model::CheckpointDef>> new_checkpoint(Guests& guests, GuestPtr guest,
                                                                 model::CheckpointDef asked) {
    asked.creation_time = std::time(nullptr);
    if (asked.name.empty()) asked.name = std::to_string(*asked.creation_time);
    const auto tree = co_await guests.checkpoints().of(guest);
    if (const auto current = tree->current()) asked.parent = current->name;
    asked.domain = asleep(*guest->live());
    auto& hypervisor = guests.hypervisor();
    if (hypervisor.moment_rules().notes_migratable) asked.domain = hypervisor.migratable(asked.domain);
    auto made = settled_checkpoint(guests, std::move(asked));
    if (tree->find(made->name)) already_exists(made->name);
    co_return made;
}

}  // namespace innkeeper::guests
