#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The text of a configuration file: names and values, before anybody knows what they mean (daemon-behaviour,
/// section 6).
namespace innkeeper::config {

/// An integer as it stands in the file: which range it must fit is its setting's matter.
struct Number {
    std::uint64_t magnitude = 0;
    bool negative = false;
    bool operator==(const Number&) const = default;
};
struct Value;
using List = std::vector<Value>;
struct Value {
    std::variant<Number, std::string, List> value;
    int line = 0;
};

struct File {
    std::string name;
    std::map<std::string, Value, std::less<>> values;
    /// Of a name that is given twice the first value counts.
    struct Repeat {
        std::string name;
        int line = 0, first_line = 0;
    };
    std::vector<Repeat> repeats;
};

/// Throws Error (conf_syntax) with "NAME:LINE: what was expected".
File parse(std::string_view text, std::string_view name);

/// Reads and parses; throws Error (system_error) if there is no such file. At most 10 MiB.
File read(const std::string& path);
std::optional<File> read_if_there(const std::string& path);

}  // namespace innkeeper::config
