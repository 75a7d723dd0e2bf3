#include "model/storage/permissions.h"

#include <fmt/format.h>

#include <charconv>

#include "xml/parts.h"

namespace innkeeper::model {

std::optional<FileMode> FileMode::parse(std::string_view text) {
    FileMode mode;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode.bits, 8);
    if (error != std::errc{} || end != text.data() + text.size() || mode.bits > 0777) return std::nullopt;
    return mode;
}

std::string FileMode::text() const { return fmt::format("0{:o}", bits); }

std::optional<FileOwner> FileOwner::parse(std::string_view text) {
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id < -1 || id > UINT32_MAX) return std::nullopt;
    return FileOwner{static_cast<std::uint32_t>(id)};
}

std::string FileOwner::text() const { return std::to_string(id); }

namespace {

void forget_nobody(Permissions& permissions) {
    for (auto* who : {&permissions.owner, &permissions.group})
        if (*who && (*who)->id == FileOwner::nobody_in_particular) who->reset();
}

}  // namespace

const xml::Element<Permissions> permissions =
    xml::describe<Permissions>(
        "permissions", xml::value("mode", &Permissions::mode).complain(ErrorCode::xml_error, "malformed octal mode"),
        xml::value("owner", &Permissions::owner).complain(ErrorCode::xml_error, "malformed owner element"),
        xml::value("group", &Permissions::group).complain(ErrorCode::xml_error, "malformed group element"),
        xml::value("label", &Permissions::label))
        .finished_by(forget_nobody);

}  // namespace innkeeper::model
