#include "shutdown/client_uri.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace innkeeper::shutdown {

namespace {

std::string decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
            result += static_cast<char>(byte);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

}  // namespace

Query::Query(std::string_view text) {
    constexpr std::array silent{"auth",      "sshauth", "pkipath", "known_hosts_verify", "tls_priority", "proxy",
                                "no_sanity", "no_tty",  "authfile"};
    while (!text.empty()) {
        const auto part = text.substr(0, std::min(text.find_first_of("&;"), text.size()));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        const auto equals = std::min(part.find('='), part.size());
        const auto key = part.substr(0, equals);
        const std::string value = decoded(part.substr(std::min(equals + 1, part.size())));
        if (key == "socket")
            socket = value;
        else if (key == "name")
            name = value;
        else if (key == "mode")
            mode = value;
        else if (key == "command")
            command = value;
        else if (key == "keyfile")
            keyfile = value;
        else if (key == "netcat")
            netcat = value;
        else if (key == "known_hosts")
            known_hosts = value;
        else if (key == "no_verify")
            no_verify = value != "0";
        else if (std::ranges::count(silent, key) == 0)
            rest += fmt::format("{}{}", rest.empty() ? "" : "&", part);
    }
}

Authority::Authority(std::string_view text) {
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        user = decoded(text.substr(0, at));
        text.remove_prefix(at + 1);
    }
    const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
    const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    host = bracket == std::string_view::npos ? text.substr(0, colon) : text.substr(1, bracket - 1);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
}

}  // namespace innkeeper::shutdown
