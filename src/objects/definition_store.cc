#include "objects/definition_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace innkeeper::objects {

namespace {

/// Whether people can type the name after a command, and a comment can hold it.
bool is_plain(std::string_view name) {
    const auto plain = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("_-./:@,+%=").contains(c);
    };
    return std::ranges::all_of(name, plain) && !name.contains("--");
}

}  // namespace

std::string DefinitionStore::with_comment(std::string_view edit, std::string_view name, const Uuid& uuid,
                                          std::string_view document) {
    const std::string shown = name.empty() ? "" : " " + (is_plain(name) ? std::string(name) : uuid.text());
    return fmt::format(
        "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE\n"
        "OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:\n"
        "  virsh {}{}\n"
        "or other application using the libvirt API.\n-->\n\n{}",
        edit, shown, document);
}

}  // namespace innkeeper::objects
