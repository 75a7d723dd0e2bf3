#include "drivers/qemu/command/command_line.h"

namespace innkeeper::qemu {

std::string shell_quoted(std::string_view word) {
    if (!word.empty() && word.find_first_of("\r\t\n !\"#$&'()*;<>?[\\]^`{|}~") == word.npos) return std::string(word);
    std::string out = "'";
    for (const char c : word)
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    return out + "'";
}

std::vector<std::string> CommandLine::argv() const {
    std::vector<std::string> words{emulator};
    words.insert(words.end(), args.begin(), args.end());
    return words;
}

std::vector<std::string> CommandLine::environment_words() const {
    std::vector<std::string> words;
    for (const auto& [name, value] : environment) words.push_back(name + "=" + value);
    return words;
}

namespace {

std::string joined(const CommandLine& line, std::string_view before_option) {
    std::string out;
    for (const auto& [name, value] : line.environment) {
        out += name + "=" + shell_quoted(value);
        out += before_option;
    }
    out += shell_quoted(line.emulator);
    for (const std::string& word : line.args) {
        out += word.starts_with('-') ? before_option : " ";
        out += shell_quoted(word);
    }
    return out;
}

}  // namespace

std::string CommandLine::native_text() const { return joined(*this, " "); }

std::string CommandLine::log_text() const { return joined(*this, " \\\n") + "\n"; }

}  // namespace innkeeper::qemu
