#include "drivers/qemu/chardev_words.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <string>

#include "base/error.h"

namespace innkeeper::qemu {

namespace json = boost::json;

namespace {

using Words = std::map<std::string, std::string, std::less<>>;

/// Separated by commas, of which two are one in a value. The first has no name: it says the kind.
Words split(std::string_view text) {
    Words words;
    std::string part;
    const auto take = [&] {
        const auto equals = part.find('=');
        if (words.empty() && equals == part.npos)
            words["kind"] = part;
        else if (equals != part.npos)
            words[part.substr(0, equals)] = part.substr(equals + 1);
        part.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != ',') {
            part += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == ',') {
            part += ',';
            ++i;
        } else {
            take();
        }
    }
    take();
    return words;
}

std::string word(const Words& words, std::string_view name) {
    const auto found = words.find(name);
    return found == words.end() ? std::string() : found->second;
}

void add_text(const Words& words, std::string_view name, json::object& data, std::string_view as) {
    if (words.contains(name)) data[as] = word(words, name);
}
void add_switch(const Words& words, std::string_view name, json::object& data) {
    if (words.contains(name)) data[name] = word(words, name) == "on";
}
void add_number(const Words& words, std::string_view name, json::object& data) {
    const std::string text = word(words, name);
    std::int64_t number = 0;
    if (!text.empty() && std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc())
        data[name] = number;
}

json::object inet(std::string host, std::string port) {
    return {{"type", "inet"}, {"data", json::object{{"host", host}, {"port", port}}}};
}

json::object socket(const Words& words) {
    json::object data;
    if (words.contains("path"))
        data["addr"] = json::object{{"type", "unix"}, {"data", json::object{{"path", word(words, "path")}}}};
    else
        data["addr"] = inet(word(words, "host"), word(words, "port"));
    data["server"] = word(words, "server") == "on";
    for (const auto* name : {"wait", "telnet"}) add_switch(words, name, data);
    add_text(words, "tls-creds", data, "tls-creds");
    add_number(words, "reconnect", data);
    return data;
}

json::object udp(const Words& words) {
    json::object data{{"remote", inet(word(words, "host"), word(words, "port"))}};
    if (!word(words, "localaddr").empty() || word(words, "localport") != "0")
        data["local"] = inet(word(words, "localaddr"), word(words, "localport"));
    return data;
}

json::object data_of(const std::string& kind, const Words& words) {
    json::object data;
    if (kind == "socket") return socket(words);
    if (kind == "udp") return udp(words);
    if (kind == "file") {
        add_text(words, "path", data, "out");
        add_switch(words, "append", data);
    } else if (kind == "serial" || kind == "parallel" || kind == "pipe") {
        add_text(words, "path", data, "device");
    } else if (kind == "spicevmc") {
        add_text(words, "name", data, "type");
    } else if (kind == "spiceport") {
        add_text(words, "name", data, "fqdn");
    } else if (kind == "qemu-vdagent") {
        for (const auto* name : {"mouse", "clipboard"}) add_switch(words, name, data);
    } else if (kind == "dbus") {
        add_text(words, "name", data, "name");
    } else if (kind != "null" && kind != "vc" && kind != "pty") {
        throw Error(ErrorCode::operation_unsupported,
                    fmt::format("a character device of type '{}' cannot be plugged into a running domain", kind));
    }
    return data;
}

}  // namespace

json::object chardev_arguments(std::string_view text) {
    const Words words = split(text);
    const std::string kind = word(words, "kind");
    json::object data = data_of(kind, words);
    add_text(words, "logfile", data, "logfile");
    add_switch(words, "logappend", data);
    return {{"id", word(words, "id")}, {"backend", json::object{{"type", kind}, {"data", std::move(data)}}}};
}

}  // namespace innkeeper::qemu
