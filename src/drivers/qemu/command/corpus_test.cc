#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "drivers/qemu/command/command.h"
#include "drivers/qemu/command/sample_test.h"

/// The recorded answers of the peer to `domxml-to-native`, where they are at hand. They are compared in what they mean:
/// the environment as a set, options as a multiset, JSON parsed, lists of `key=value` unordered behind their first
/// part.
namespace innkeeper::qemu {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

fs::path corpus() {
    const char* shared = std::getenv("INNKEEPER_SHARED");
    const fs::path base = shared ? fs::path(shared) : fs::path(INNKEEPER_SOURCE_DIR).parent_path() / "shared";
    return base / "corpus" / "domain";
}

json::value sorted(const json::value& value) {
    if (const auto* object = value.if_object()) {
        std::map<std::string, json::value> members;
        for (const auto& [key, member] : *object) members[std::string(key)] = sorted(member);
        json::object out;
        for (auto& [key, member] : members) out[key] = member;
        return out;
    }
    if (const auto* array = value.if_array()) {
        json::array out;
        for (const auto& element : *array) out.push_back(sorted(element));
        return out;
    }
    return value;
}

std::string normal(const std::string& word) {
    if (word.starts_with('{') || word.starts_with('[')) {
        boost::system::error_code error;
        const json::value value = json::parse(word, error);
        return error ? word : json::serialize(sorted(value));
    }
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (word[i] == ',' && i + 1 < word.size() && word[i + 1] == ',')
            parts.back() += ",,", ++i;
        else if (word[i] == ',')
            parts.emplace_back();
        else
            parts.back() += word[i];
    }
    std::sort(parts.begin() + 1, parts.end());
    std::string out;
    for (const std::string& part : parts) out += part + ",";
    return out;
}

/// One line an assignment, the emulator, or an option with its words; sorted.
std::multiset<std::string> meaning(const std::vector<std::string>& words) {
    std::multiset<std::string> out;
    bool has_emulator = false;
    std::string option;
    for (const std::string& word : words) {
        if (!has_emulator) {
            const bool is_assignment = !word.starts_with('/') && word.find('=') != word.npos;
            has_emulator = !is_assignment;
            if (word.starts_with("PATH=") || word.starts_with("HOME=") || word.starts_with("LC_ALL=")) continue;
            out.insert((is_assignment ? "env " : "run ") + word);
        } else if (word.size() > 1 && word[0] == '-' && !std::isdigit(static_cast<unsigned char>(word[1]))) {
            if (!option.empty()) out.insert(option);
            option = word;
        } else {
            option += " " + normal(word);
        }
    }
    out.insert(option);
    return out;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
        text.replace(at, from.size(), to);
}

/// The values that the peer made up are masked in what was recorded: any others do.
std::string unmasked(std::string text) {
    for (int i = 1; i < 40; ++i) {
        replace_all(text, fmt::format("@UUID{}@", i), fmt::format("01234567-89ab-4def-8123-0000000000{:02}", i));
        replace_all(text, fmt::format("@MAC{}@", i), fmt::format("00:00:{:02}", i));
    }
    return text;
}

/// Descriptors, sealed secrets and the time differ from run to run.
std::string masked(std::string word) {
    const auto mask = [&](std::string_view before, std::string_view after, std::string_view by, std::string_view set) {
        for (std::size_t at = 0; (at = word.find(before, at)) != word.npos;) {
            at += before.size();
            const std::size_t end = std::min(word.find_first_not_of(set, at), word.size());
            if (end > at && word.substr(end).starts_with(after)) word.replace(at, end - at, by);
        }
    };
    constexpr std::string_view digits = "0123456789:";
    constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    mask("\"fd\":\"", "\"", "@FD@", digits);
    mask("\"fds\":\"", "\"", "@FD@", digits);
    mask("\"vhostfd\":\"", "\"", "@FD@", digits);
    mask("\"data\":\"", "\"", "@SECRET@", base64);
    mask("\"iv\":\"", "\"", "@SECRET@", base64);
    if (word.starts_with("base=2") || word.starts_with("base=1")) mask("base=", "", "@TIME@", "0123456789-T:");
    replace_all(word, "\\", "\\\\");
    return word;
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

struct Outcome {
    bool matches = false;
    std::string difference;
};

Outcome compare(const fs::path& input, const fs::path& recorded) {
    std::multiset<std::string> got;
    try {
        const std::vector<std::string> words = sample_command(unmasked(read(input))).environment_and_argv();
        std::vector<std::string> masked_words;
        for (const std::string& word : words) masked_words.push_back(masked(word));
        got = meaning(masked_words);
    } catch (const std::exception& error) {
        return {false, fmt::format("  ! {}\n", error.what())};
    }
    const std::multiset<std::string> want = meaning(lines(unmasked(read(recorded))));
    std::string difference;
    std::vector<std::string> missing, extra;
    std::set_difference(want.begin(), want.end(), got.begin(), got.end(), std::back_inserter(missing));
    std::set_difference(got.begin(), got.end(), want.begin(), want.end(), std::back_inserter(extra));
    for (const auto& line : missing) difference += "  - " + line + "\n";
    for (const auto& line : extra) difference += "  + " + line + "\n";
    return {difference.empty(), difference};
}

TEST(CommandCorpus, SaysWhatThePeerSays) {
    const fs::path folder = corpus();
    if (!fs::is_directory(folder)) GTEST_SKIP() << "no recorded documents at " << folder;
    unsigned count = 0, matches = 0;
    std::string differences;
    std::set<fs::path> recorded;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".argv") recorded.insert(entry.path());
    for (const fs::path& path : recorded) {
        const std::string name = path.stem().string();
        const fs::path input = folder / (name + std::string(sample_input_suffix));
        if (!fs::exists(input)) continue;
        ++count;
        const Outcome outcome = compare(input, path);
        matches += outcome.matches;
        if (!outcome.matches) differences += name + "\n" + outcome.difference;
    }
    if (const char* file = std::getenv("INNKEEPER_DIFFERENCES")) std::ofstream(file) << differences;
    fmt::print("{} of {} recorded command lines equal ({:.1f} %)\n", matches, count,
               100.0 * matches / std::max(count, 1U));
    EXPECT_GE(matches * 100, count * least_percentage);
}

}  // namespace
}  // namespace innkeeper::qemu
