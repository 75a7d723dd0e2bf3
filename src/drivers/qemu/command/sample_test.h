#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/command/command.h"

/// For tests: a document on its way to a command line, on a host with QEMU 7.2 for x86.
namespace innkeeper::qemu {

struct SampleCommand : CommandLine {
    std::vector<std::string> environment_and_argv() const {
        std::vector<std::string> words = environment_words();
        for (const std::string& word : argv()) words.push_back(word);
        return words;
    }
};

inline constexpr std::string_view sample_input_suffix = ".out.xml";
inline constexpr unsigned least_percentage = 80;

/// The command line of a document.
SampleCommand sample_command(std::string_view document,
                             CommandContext::Purpose purpose = CommandContext::Purpose::native);

}  // namespace innkeeper::qemu
