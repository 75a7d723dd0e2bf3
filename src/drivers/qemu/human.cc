#include "drivers/qemu/human.h"

#include <fmt/format.h>

#include "base/error.h"

namespace innkeeper::qemu {

std::string quoted(std::string_view word) {
    std::string out = "\"";
    for (const char c : word) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

Task<> human(Qmp& monitor, std::string line, std::chrono::milliseconds limit) {
    boost::json::object arguments{{"command-line", line}};
    const auto reply = co_await monitor.execute("human-monitor-command", std::move(arguments), limit);
    std::string said = reply.is_string() ? std::string(reply.get_string()) : std::string();
    while (!said.empty() && (said.back() == '\n' || said.back() == '\r')) said.pop_back();
    if (said.empty()) co_return;
    throw Error(ErrorCode::operation_failed, fmt::format("{}: {}", line.substr(0, line.find(' ')), said));
}

}  // namespace innkeeper::qemu
