#include "rpc/server/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "loop/group.h"
#include "rpc/server/client_scope.h"

namespace innkeeper::rpc {

using protocol::AccessRule;
using protocol::AccessValues;
using protocol::Subject;

namespace {

constexpr std::string_view connection = "connect";
/// Of one list: others shall not wait for the end of a long one.
constexpr std::size_t most_at_once = 32;

Error denied(const Guard& guard) {
    return Error(ErrorCode::access_denied, ErrorDomain::access,
                 fmt::format("'{}' denied access", guard.drivers->access_name));
}

Task<> demand(Guard guard, Identity who, AccessRule rule, Subject object) {
    if (rule.object == connection) object = {};
    if (!co_await guard.permissions.allow(std::move(who), guard.drivers->access_name, rule, std::move(object)))
        throw denied(guard);
}

/// One rule after the other: the first that is not allowed is the answer.
Task<> demand_all(Guard guard, Identity who, const protocol::Procedure* row, AccessValues values, Subject object) {
    for (const auto& rule : row->acl)
        if (rule.when.holds(values)) co_await demand(guard, who, rule, object);
}

/// One of those who go through a list together.
struct Listing {
    std::vector<Subject> objects;
    std::size_t next = 0;
    std::unordered_set<std::string> allowed;
};

Task<> go_through(Guard guard, Identity who, AccessRule rule, std::shared_ptr<Listing> listing) {
    while (listing->next < listing->objects.size()) {
        Subject object = std::move(listing->objects[listing->next++]);
        std::string name = object.name.empty() ? object.uuid.text() : object.name;
        if (co_await guard.permissions.allow(who, guard.drivers->access_name, rule, std::move(object)))
            listing->allowed.insert(std::move(name));
    }
}

const Directory& directory_of(const Guard& guard, std::string_view kind) {
    const auto* found = guard.drivers->directory(kind);
    // Whatever nobody can tell apart nobody may touch.
    if (found == nullptr) throw denied(guard);
    return *found;
}

Task<std::shared_ptr<const std::unordered_set<std::string>>> visible(Guard guard, Identity who, AccessRule rule,
                                                                     Subject parent) {
    auto listing = std::make_shared<Listing>();
    listing->objects = co_await directory_of(guard, rule.object).list(std::move(parent));
    std::vector<Task<>> questions;
    for (std::size_t i = 0; i < std::min(most_at_once, listing->objects.size()); ++i)
        questions.push_back(go_through(guard, who, rule, listing));
    co_await all(std::move(questions));
    co_return std::shared_ptr<const std::unordered_set<std::string>>(listing, &listing->allowed);
}

bool names_object(const protocol::Procedure& row) {
    return std::ranges::any_of(row.acl, [](const AccessRule& rule) { return rule.object != connection; });
}

/// Gives what may be listed; null: everything.
Task<std::shared_ptr<const std::unordered_set<std::string>>> ask(Guard guard, Identity who,
                                                                 const protocol::Procedure* row,
                                                                 std::string_view payload) {
    XdrReader in(payload);
    auto [values, asked] = row->facts(in);
    Subject object;
    if (names_object(*row)) {
        const bool is_new = asked.by == Subject::By::document;
        if (asked.by == Subject::By::none) throw denied(guard);
        const auto& find = directory_of(guard, asked.kind).find;
        object = co_await find(is_new ? std::move(asked) : asked);
        // While somebody is asked the name can become another object's, or the object get another name.
        for (;;) {
            co_await demand_all(guard, who, row, values, object);
            Subject now = is_new ? object : co_await find(asked);
            if (now == object) break;
            object = std::move(now);
        }
    } else {
        co_await demand_all(guard, who, row, values, object);
    }
    for (const auto& rule : row->acl_filter)
        if (rule.when.holds(values)) co_return co_await visible(guard, who, rule, object);
    co_return nullptr;
}

}  // namespace

Task<> call_if_allowed(Guard guard, Caller caller, const Handler* handler, std::string payload, XdrWriter* ret) {
    {
        // Who goes takes the questions with him; what was allowed goes on without him, as ever.
        ClientScope while_there(caller.session, co_await current_scope());
        caller.visible = co_await ask(std::move(guard), caller.session->identity(), &handler->row(), payload)
                             .under(while_there.scope());
    }
    XdrReader arguments(payload);
    if (auto later = handler->invoke(caller, arguments, *ret)) co_await std::move(*later);
}

Task<> ask_for_connection(Guard guard, Identity who, const protocol::Procedure* row) {
    co_await demand_all(std::move(guard), std::move(who), row, {}, {});
}

Task<bool> lets_through(Guard guard, Identity who, const protocol::Procedure* row, Subject object) {
    try {
        for (const auto& rule : row->acl_filter)
            if (!co_await guard.permissions.allow(who, guard.drivers->access_name, rule, object)) co_return false;
    } catch (const Error&) {
        co_return false;
    }
    co_return true;
}

}  // namespace innkeeper::rpc
