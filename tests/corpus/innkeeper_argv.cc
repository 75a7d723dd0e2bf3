/// Reads definitions and prints the command lines of QEMU for them, for comparing with another daemon's:
///
///     innkeeper-argv FILE…
///
/// For each file a line "== FILE ok" and the words in one line, or "== FILE error CODE DOMAIN" and the message.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"
#include "drivers/qemu/abilities/abilities.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/complete/complete.h"
#include "loop/loop.h"

using namespace innkeeper;

namespace {

std::string contents(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

qemu::CommandContext context_of(const model::DomainDef& domain) {
    qemu::CommandContext context;
    context.purpose = qemu::CommandContext::Purpose::native;
    const std::string name = qemu::short_name(-1, domain.name);
    context.directory = "/var/lib/libvirt/qemu/domain-" + name;
    context.channel_directory = "/var/lib/libvirt/qemu/channel/target/domain-" + name;
    context.memory_directory = "/var/lib/libvirt/qemu/ram";
    context.state_directory = "/run/libvirt/qemu";
    context.environment = qemu::guest_environment("/usr/bin:/bin", context.directory);
    context.now = std::time(nullptr);
    return context;
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
        try {
            std::printf("== %s ok\n%s\n", path, native(contents(path)).c_str());
        } catch (const Error& error) {
            std::printf("== %s error %d %d\n%s\n", path, static_cast<int>(error.code()),
                        static_cast<int>(error.domain()), error.message().c_str());
        } catch (const std::exception& failure) {
            std::printf("== %s error -1 -1\n%s\n", path, failure.what());
        }
    }

  private:
    std::string native(const std::string& text) {
        auto domain = model::parse_domain(text);
        const auto capabilities = loop_.run(abilities_.of(qemu::choose_emulator(domain, host_)));
        domain = qemu::complete(std::move(domain), *capabilities, host_);
        qemu::strip_interfaces(domain);
        domain = qemu::complete(std::move(domain), *capabilities, host_);
        qemu::assign_aliases(domain);
        qemu::CommandContext context = context_of(domain);
        qemu::prepare_run(domain, context);
        for (const qemu::NeededSecret& secret : qemu::needed_secrets(domain, *capabilities, context)) {
            // Nobody keeps secrets here: only those that the document brings with it are there.
            if (secret.value.empty()) throw Error(ErrorCode::no_secret, "no secret for " + secret.id);
            context.secrets[secret.id] = {.data = "c2VhbGVk", .iv = "aXY="};
        }
        return qemu::build_command(domain, *capabilities, context).native_text();
    }

    std::string directory() {
        std::string pattern = std::filesystem::temp_directory_path() / "innkeeper-argv-XXXXXX";
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
