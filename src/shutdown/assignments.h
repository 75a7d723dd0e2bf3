#pragma once

#include <string>
#include <string_view>
#include <vector>

/// A file of shell assignments (`/etc/default/…`), read without any shell: `NAME=value`, quotes, backslashes, comments,
/// `export` before it, several on a line. Nothing is expanded and nothing is run.
namespace innkeeper::shutdown {

struct Assignment {
    std::string name, value;
    int line = 0;
};

/// What could be read, in order, and a sentence "FILE:LINE: …" for each line that could not.
struct Assignments {
    std::vector<Assignment> values;
    std::vector<std::string> complaints;
};

Assignments parse_assignments(std::string_view text, std::string_view file);

}  // namespace innkeeper::shutdown
