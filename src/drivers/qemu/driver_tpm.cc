#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <charconv>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "drivers/qemu/abilities/cache.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/identity.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/software_tpm.h"
#include "loop/child.h"
#include "loop/pool.h"
#include "model/domain/domain.h"

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

/// Keys are made with care, and the machine may be busy.
constexpr auto setup_limit = 120s;

const model::Tpm* emulated(const model::DomainDef& def) {
    for (const auto& tpm : def.devices.tpms)
        if (tpm.backend == model::Tpm::Backend::emulator) return &tpm;
    return nullptr;
}

Command command_of(std::vector<std::string> words, const RunAs& run_as) {
    Command command;
    command.argv = std::move(words);
    command.environment = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    command.uid = run_as.uid;
    command.gid = run_as.gid;
    command.groups = run_as.groups;
    return command;
}

Task<> run_setup(std::vector<std::string> words, SoftwareTpm tpm) {
    const auto output = co_await run_command(command_of(std::move(words), tpm.run_as), setup_limit);
    if (output.status.ok()) co_return;
    throw Error(ErrorCode::internal_error,
                fmt::format("Could not run '{}'. exitstatus: {}; Check error log '{}' for details.", tpm.setup,
                            output.status.code, tpm.log));
}

/// Whether that process is the TPM of that guest; a number may have changed hands.
bool is_tpm_of(pid_t pid, const Uuid& guest) {
    const auto words = read_file(fmt::format("/proc/{}/cmdline", pid), 1 << 20).value_or("");
    return words.contains("swtpm") && words.contains(guest.text());
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

SoftwareTpm Driver::software_tpm(const model::DomainDef& def, const model::Tpm& wanted) const {
    SoftwareTpm tpm;
    tpm.setup = Abilities::program("swtpm_setup");
    tpm.program = Abilities::program("swtpm");
    tpm.is_2_0 = wanted.version != model::Tpm::Version::v1_2;
    tpm.state = fmt::format("{}/{}/{}", paths_.tpms(), def.uuid.text(), tpm.is_2_0 ? "tpm2" : "tpm1.2");
    tpm.log = paths_.is_system()
                  ? fmt::format("{}/{}-swtpm.log", paths_.below_root("/var/log/swtpm/libvirt/qemu"), def.name)
                  : fmt::format("{}/swtpm/{}-swtpm.log", paths_.log_of("qemu"), def.name);
    tpm.guest = fmt::format("{}:{}", def.name, def.uuid.text());
    tpm.banks = wanted.pcr_banks;
    tpm.run_as =
        identity(paths_.is_system(), settings_.swtpm_user.value_or("tss"), settings_.swtpm_group.value_or("tss"));
    return tpm;
}

Task<> Driver::prepare_tpm(SoftwareTpm tpm) {
    const bool is_new = co_await in_pool([tpm] { return tpm.make_folders(); });
    std::exception_ptr failure;
    try {
        if (is_new) co_await run_setup(tpm.setup_words(), tpm);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        Scope unhurried;
        co_await in_pool([tpm] { tpm.forget(); }).under(unhurried);
        std::rethrow_exception(failure);
    }
    if (tpm.is_2_0 && !tpm.banks.empty()) co_await run_setup(tpm.bank_words(), tpm);
}

Task<> Driver::start_tpm(std::shared_ptr<QemuMachine> machine, guests::DefPtr def) {
    const model::Tpm* wanted = emulated(*def);
    if (wanted == nullptr) co_return;
    if (wanted->secret) throw Error(ErrorCode::config_unsupported, "encryption of a TPM's state is not supported yet");
    const SoftwareTpm tpm = software_tpm(*def, *wanted);
    co_await prepare_tpm(tpm);
    const auto& files = machine->files;
    make_directories(parent_of(files.tpm_socket), 0711);
    // It listens before the program runs: QEMU finds it whenever it comes.
    const Fd socket = listen_at(files.tpm_socket);
    if (run_as_.uid)
        if (::chown(files.tpm_socket.c_str(), *run_as_.uid, run_as_.gid.value_or(static_cast<gid_t>(-1))) != 0)
            throw Error::system(errno, fmt::format("unable to set user and group on '{}'", files.tpm_socket));
    const Fd pid_file(::open(files.tpm_pid.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!pid_file) throw Error::system(errno, fmt::format("cannot create '{}'", files.tpm_pid));
    constexpr int number = 3;
    Command command = command_of(tpm.words(number), tpm.run_as);
    command.descriptors = {{socket.get(), number}};
    command.own_session = true;
    command.pid_file = pid_file.get();
    machine->tpm = Process::start(command);
}

void Driver::adopt_tpm(QemuMachine& machine, const guests::Guest& guest) {
    const auto text = read_file(machine.files.tpm_pid, 64);
    pid_t pid = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), pid);
    if (pid <= 0) return;
    // Held first, looked at then: now the number cannot change hands any more.
    auto process = Process::adopt(pid);
    if (process && is_tpm_of(pid, guest.uuid())) machine.tpm = std::move(process);
}

}  // namespace innkeeper::qemu
