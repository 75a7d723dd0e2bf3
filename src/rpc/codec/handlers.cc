#include "rpc/codec/handlers.h"

#include <fmt/format.h>

#include <algorithm>

namespace innkeeper::rpc {

void check_access(const Caller& caller, const protocol::Procedure& row, protocol::AccessValues arguments) {
    if (caller.session && caller.session->read_only() && row.needs_write.holds(arguments))
        throw Error(ErrorCode::operation_denied, row.domain,
                    row.needs_write.kind == protocol::Condition::Kind::any_flag
                        ? fmt::format("{} with secure flag", row.api)
                        : fmt::format("read only access prevents {}", row.api));
}

Error unsupported(const protocol::Procedure& row) {
    return Error(ErrorCode::no_support, row.domain, std::string(row.api));
}

Error unknown_procedure(std::int32_t procedure) {
    // Clients know this sentence by its beginning and fall back to an older call.
    return Error(ErrorCode::rpc, ErrorDomain::rpc, fmt::format("unknown procedure: {}", procedure));
}

Error unknown_program(std::uint32_t program, std::uint32_t version) {
    return Error(ErrorCode::rpc, ErrorDomain::rpc,
                 fmt::format("Cannot find program {} version {}", static_cast<std::int32_t>(program), version));
}

void HandlerTable::put(Handler handler) {
    const auto& row = handler.row();
    auto page = std::ranges::find(pages_, row.program, &Page::program);
    if (page == pages_.end()) page = pages_.insert(pages_.end(), Page{row.program, {}});
    const auto index = static_cast<std::size_t>(row.number);
    if (page->by_number.size() <= index) page->by_number.resize(index + 1);
    page->by_number[index] = std::move(handler);
}

void HandlerTable::merge(const HandlerTable& other) {
    for (const auto& page : other.pages_)
        for (const auto& handler : page.by_number)
            if (handler) put(handler);
    for (const auto& [kind, directory] : other.directories_) describe(kind, directory);
}

void HandlerTable::merge(const HandlerTable& other, std::span<const protocol::Procedure* const> only) {
    for (const auto* row : only)
        if (const auto handler = other.find(*row)) put(**handler);
    for (const auto& [kind, directory] : other.directories_) describe(kind, directory);
}

void HandlerTable::describe(std::string_view kind, Directory directory) {
    directories_.insert_or_assign(std::string(kind), std::move(directory));
}

const Directory* HandlerTable::directory(std::string_view kind) const {
    const auto found = directories_.find(kind);
    return found == directories_.end() ? nullptr : &found->second;
}

std::optional<const Handler*> HandlerTable::find(std::uint32_t program, std::int32_t procedure) const {
    const auto page = std::ranges::find(pages_, program, &Page::program);
    if (page == pages_.end() || procedure < 0 || static_cast<std::size_t>(procedure) >= page->by_number.size())
        return std::nullopt;
    const Handler& handler = page->by_number[static_cast<std::size_t>(procedure)];
    if (!handler) return std::nullopt;
    return &handler;
}

std::optional<const Handler*> HandlerTable::find(const protocol::Procedure& row) const {
    return find(row.program, row.number);
}

}  // namespace innkeeper::rpc
