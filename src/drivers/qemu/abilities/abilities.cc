#include "drivers/qemu/abilities/abilities.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/abilities/cache.h"
#include "loop/event.h"
#include "loop/pool.h"

namespace innkeeper::qemu {

/// One binary as it was when its fingerprint was taken.
struct Abilities::Entry {
    std::string fingerprint;
    Event known;
    CapabilitiesPtr capabilities;
    std::exception_ptr failure;
};

Abilities::Abilities(std::string directory, RunAs run_as)
    : directory_(std::move(directory)), run_as_(std::move(run_as)) {}
Abilities::~Abilities() = default;

Task<> Abilities::close() { co_await tasks_.close(); }

/// Asks the disk, then the binary. Runs in our group, so that who asked first may go away without harm to the others.
Task<> Abilities::learn(std::string binary, std::string mark, std::shared_ptr<Entry> entry) {
    try {
        const std::string file = cache_file(directory_, binary);
        auto stored = co_await in_pool([file, mark] {
            const auto text = read_file(file);
            return text ? from_cache_text(*text, mark) : std::nullopt;
        });
        if (!stored) {
            stored = co_await probe(binary, run_as_);
            const std::string text = to_cache_text(*stored, mark);
            try {
                make_directories(directory_);
                write_volatile_file(file, text, 0644);
            } catch (const Error& error) {
                log::warning("cannot keep what {} can do: {}", binary, error.message());
            }
        }
        entry->capabilities = std::make_shared<const Capabilities>(std::move(*stored));
    } catch (...) {
        entry->failure = std::current_exception();
    }
    entry->known.set();
}

Task<CapabilitiesPtr> Abilities::of(std::string binary) {
    const std::string mark = fingerprint(binary);
    if (mark.empty()) throw Error::system(ENOENT, "Cannot check QEMU binary " + binary);
    auto entry = entries_[binary];
    if (!entry || entry->fingerprint != mark) {
        entry = std::make_shared<Entry>();
        entry->fingerprint = mark;
        entries_[binary] = entry;
        tasks_.spawn(learn(binary, mark, entry));
    }
    co_await entry->known.wait();
    if (entry->failure) {
        // The next one who asks tries again: what was missing may be there by then.
        if (const auto now = entries_.find(binary); now != entries_.end() && now->second == entry) entries_.erase(now);
        std::rethrow_exception(entry->failure);
    }
    co_return entry->capabilities;
}

CapabilitiesPtr Abilities::known(const std::string& binary) const {
    const auto found = entries_.find(binary);
    return found == entries_.end() ? nullptr : found->second->capabilities;
}

std::string Abilities::program(std::string_view name) {
    const char* path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
    while (!rest.empty()) {
        const auto end = std::min(rest.find(':'), rest.size());
        const std::string candidate = std::string(rest.substr(0, end)) + "/" + std::string(name);
        if (candidate.starts_with('/') && ::access(candidate.c_str(), X_OK) == 0) return candidate;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {};
}

std::string Abilities::binary_for(std::string_view arch) {
    const Arch* known_arch = arch_of_name(arch);
    return known_arch == nullptr ? std::string() : program("qemu-system-" + std::string(known_arch->target));
}

Task<std::vector<Abilities::Installed>> Abilities::installed() {
    std::vector<Installed> all;
    for (const Arch& arch : arches()) {
        const std::string binary = binary_for(arch.name);
        if (binary.empty()) continue;
        try {
            all.push_back({arch.name, co_await of(binary)});
        } catch (const Error& error) {
            log::warning("{}", error.message());
        }
    }
    co_return all;
}

}  // namespace innkeeper::qemu
