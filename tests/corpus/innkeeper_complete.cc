/// Reads definitions, completes them for the emulators of this host and prints them, for comparing with what another
/// daemon makes of them:
///
///     innkeeper-complete FILE…
///
/// For each file a line "== FILE ok" and the document, or "== FILE error CODE DOMAIN" and the message.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/error.h"
#include "drivers/qemu/abilities/abilities.h"
#include "drivers/qemu/complete/complete.h"
#include "loop/loop.h"

using namespace innkeeper;

namespace {

std::string contents(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Session {
  public:
    Session() : abilities_(directory(), {}) {
        for (const auto arch : {model::Architecture::i686, model::Architecture::x86_64})
            if (auto path = qemu::Abilities::binary_for(xml::name(arch)); !path.empty()) host_.emulators[arch] = path;
        host_.seed = 1;
    }
    ~Session() {
        loop_.run(abilities_.close());
        std::filesystem::remove_all(path_);
    }

    void print(const char* path) {
        std::string step = "parse";
        try {
            auto domain = model::parse_domain(contents(path));
            step = "complete";
            const std::string emulator = qemu::choose_emulator(domain, host_);
            const auto capabilities = loop_.run(abilities_.of(emulator));
            domain = qemu::complete(std::move(domain), *capabilities, host_);
            std::printf("== %s ok\n%s", path, model::format_domain(domain, {.inactive = true}).c_str());
        } catch (Error& error) {
            error.set_domain_if_none(step == "parse" ? ErrorDomain::domain : ErrorDomain::qemu);
            std::printf("== %s error %d %d\n%s\n", path, static_cast<int>(error.code()),
                        static_cast<int>(error.domain()), error.message().c_str());
        } catch (const std::exception& failure) {
            std::printf("== %s error -1 -1\n%s\n", path, failure.what());
        }
    }

  private:
    std::string directory() {
        std::string pattern = std::filesystem::temp_directory_path() / "innkeeper-complete-XXXXXX";
        if (!::mkdtemp(pattern.data())) std::abort();
        return path_ = pattern;
    }

    std::string path_;
    Loop loop_;
    qemu::Abilities abilities_;
    qemu::HostFacts host_;
};

}  // namespace

int main(int count, char** words) {
    Session session;
    for (int i = 1; i < count; ++i) session.print(words[i]);
}
