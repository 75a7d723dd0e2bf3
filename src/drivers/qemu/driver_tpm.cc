#include <boost/json/parse.hpp>

#include "base/log.h"
#include "drivers/qemu/abilities/cache.h"
#include "drivers/qemu/driver.h"
#include "loop/child.h"

/// TPMs in software: a process of its own beside each guest that has one.
namespace innkeeper::qemu {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

/// "1.2" and "2.0", as far as the program says that it knows them.
std::vector<std::string> versions_of(const std::string& words) {
    boost::system::error_code failure;
    const json::value whole = json::parse(words, failure);
    const json::object* object = failure ? nullptr : whole.if_object();
    const json::value* features = object != nullptr ? object->if_contains("features") : nullptr;
    std::vector<std::string> versions;
    if (features == nullptr || !features->is_array()) return versions;
    for (const std::string_view version : {"1.2", "2.0"})
        for (const auto& feature : features->get_array())
            if (feature.is_string() && feature.get_string() == "tpm-" + std::string(version))
                versions.emplace_back(version);
    return versions;
}

}  // namespace

Task<std::vector<std::string>> Driver::tpm_versions() {
    for (const auto* name : {"swtpm", "swtpm_ioctl"})
        if (Abilities::program(name).empty()) co_return std::vector<std::string>();
    const std::string program = Abilities::program("swtpm_setup");
    const std::string mark = program.empty() ? program : fingerprint(program);
    if (mark.empty()) co_return std::vector<std::string>();
    if (mark != tpm_mark_) {
        Command command;
        command.argv = {program, "--print-capabilities"};
        command.environment = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
        const auto output = co_await run_command(std::move(command), 30s);
        if (!output.status.ok()) {
            log::warning("{} does not tell what it can do: {}", program, output.status.text());
            co_return std::vector<std::string>();
        }
        tpm_versions_ = versions_of(output.out);
        tpm_mark_ = mark;
    }
    co_return tpm_versions_;
}

}  // namespace innkeeper::qemu
