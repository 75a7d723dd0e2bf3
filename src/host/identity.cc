#include "host/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::host {

namespace {

std::optional<Uuid> given;
UuidSource preferred = UuidSource::smbios;

/// Firmware that was never told its number says zeros or another digit over and over.
bool is_good(const Uuid& uuid) {
    const std::string text = uuid.text();
    return std::ranges::any_of(text, [&](char c) { return c != '-' && c != text.front(); });
}

std::optional<Uuid> from_file(const char* path) {
    try {
        const auto text = read_file(path, 256);
        const auto uuid = text ? Uuid::parse(*text) : std::nullopt;
        if (uuid && is_good(*uuid)) return uuid;
    } catch (const Error&) {
    }
    return std::nullopt;
}

std::optional<Uuid> from_board() {
    for (const char* path : {"/sys/devices/virtual/dmi/id/product_uuid", "/sys/class/dmi/id/product_uuid"})
        if (const auto uuid = from_file(path)) return uuid;
    return std::nullopt;
}

}  // namespace

void set_uuid(std::optional<std::string_view> uuid, std::string_view source) {
    if (source != "smbios" && source != "machine-id")
        throw Error(ErrorCode::internal_error, fmt::format("invalid UUID source: {}", source));
    preferred = source == "smbios" ? UuidSource::smbios : UuidSource::machine_id;
    given.reset();
    if (!uuid) return;
    given = Uuid::parse(*uuid);
    if (!given || !is_good(*given)) throw Error(ErrorCode::internal_error, fmt::format("invalid host UUID: {}", *uuid));
}

Uuid uuid() {
    if (given) return *given;
    if (preferred == UuidSource::smbios)
        if (const auto uuid = from_board()) return *uuid;
    if (const auto uuid = from_file("/etc/machine-id")) return *uuid;
    static const Uuid random = Uuid::random();
    return random;
}

}  // namespace innkeeper::host
