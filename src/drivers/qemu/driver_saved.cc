#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "base/error.h"
#include "base/undo.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/saved_image.h"
#include "loop/pool.h"
#include "loop/queue.h"
#include "model/domain/domain.h"

/// Guests that sleep in a file: QEMU's migration stream, to and from a descriptor of ours.
namespace innkeeper::qemu {

using namespace std::chrono_literals;
using guests::GuestPtr;

namespace {

/// As fast as the disk takes it.
constexpr std::int64_t any_speed = 1LL << 60;

/// What QEMU says of a migration that is under way, as long as it is listened to.
class Progress {
  public:
    explicit Progress(std::shared_ptr<QemuMachine> machine) : machine_(std::move(machine)) {
        machine_->on_migration = [this](std::string_view status) { told_.try_push(std::string(status)); };
    }
    ~Progress() { machine_->on_migration = nullptr; }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Waits until it has ended. Throws Error if that was no success.
    Task<> completed() {
        while (const auto status = co_await told_.pop()) {
            if (*status == "completed") co_return;
            if (*status == "failed" || *status == "cancelled") break;
        }
        throw Error(ErrorCode::operation_failed, "the state of the domain could not be transferred");
    }
    void ended() { told_.close(); }

  private:
    std::shared_ptr<QemuMachine> machine_;
    Queue<std::string> told_;
};

/// A guest that dies meanwhile ends the wait.
Task<> tell_end(std::shared_ptr<QemuMachine> machine, Progress* progress) {
    co_await machine->exited.wait();
    progress->ended();
}

Task<> transfer(std::shared_ptr<QemuMachine> machine, Fd stream, std::string command) {
    Progress progress(machine);
    TaskGroup watch;
    watch.spawn(tell_end(machine, &progress));
    std::exception_ptr failure;
    try {
        boost::json::object capability{{"capability", "events"}, {"state", true}};
        boost::json::array capabilities;
        capabilities.push_back(std::move(capability));
        co_await machine->monitor().execute("migrate-set-capabilities", {{"capabilities", std::move(capabilities)}});
        co_await machine->monitor().execute("migrate-set-parameters", {{"max-bandwidth", any_speed}});
        co_await machine->monitor().pass_descriptor("migrate", std::move(stream));
        co_await machine->monitor().execute(command, {{"uri", "fd:migrate"}});
        co_await progress.completed();
    } catch (...) {
        failure = std::current_exception();
    }
    Scope unhurried;
    co_await watch.close().under(unhurried);
    if (failure) std::rethrow_exception(failure);
}

Fd create_image(const std::string& path, const std::string& head) {
    Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) throw Error::system(errno, fmt::format("Failed to create file '{}'", path));
    errno = ENOSPC;  // of a write that stops short
    if (::write(file.get(), head.data(), head.size()) != static_cast<ssize_t>(head.size())) {
        const int why = errno;
        ::unlink(path.c_str());
        throw Error::system(why, fmt::format("failed to write header to domain save file '{}'", path));
    }
    return file;
}

Fd open_image(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw Error::system(errno, fmt::format("Failed to open file '{}'", path));
    return file;
}

struct OpenImage {
    Fd file;
    SavedHead head;
};

}  // namespace

Task<> Driver::write_image(std::shared_ptr<QemuMachine> machine, std::string path, std::string head) {
    std::exception_ptr failure;
    bool created = false;
    try {
        Fd file = co_await in_pool([path, head] { return create_image(path, head); });
        created = true;
        co_await transfer(machine, file.duplicate(), "migrate");
        co_await in_pool([fd = file.get()] { SavedHead::finish(fd); });
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    if (created) ::unlink(path.c_str());
    std::rethrow_exception(failure);
}

Task<> Driver::save(GuestPtr guest, guests::SaveOptions options) {
    const auto machine = machine_of(guest);
    const bool was_running = guest->condition().state == guests::State::running;
    SavedHead head;
    head.running = options.running.value_or(was_running);
    auto asleep = options.definition ? *options.definition : *guest->live();
    // What a start gave it, the next start gives it anew.
    asleep.restore_cpu();
    std::erase_if(asleep.security_labels, [](const model::SecurityLabel& label) {
        return label.type == model::SecurityLabel::Type::dynamic && label.base_label.empty();
    });
    head.definition = model::format_domain(asleep, {.inactive = true, .secure = true, .migratable = true});
    if (was_running) co_await suspend(guest, guests::Paused::save);
    std::exception_ptr failure;
    try {
        co_await write_image(machine, options.path, head.bytes());
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        Scope unhurried;
        if (was_running && !machine->exited.is_set()) {
            try {
                co_await resume(guest, guests::Running::save_canceled).under(unhurried);
            } catch (const Error&) {
                // It stays paused, and says so.
            }
        }
        std::rethrow_exception(failure);
    }
    // All of it is in the file, and its images are closed.
    machine->end_with(guests::Shutoff::saved);
    co_await machine->gone.wait();
}

Task<guests::SavedImage> Driver::read_saved(std::string path) {
    const auto head = co_await in_pool([path] { return SavedHead::read(open_image(path).get(), path); });
    co_return guests::SavedImage{
        .definition = std::make_shared<const model::DomainDef>(model::parse_domain(head.definition)),
        .running = head.running};
}

Task<> Driver::rewrite_saved(std::string path, guests::SavedImage image) {
    const auto text = model::format_domain(*image.definition, {.inactive = true, .secure = true, .migratable = true});
    co_await in_pool([path, text, running = image.running] {
        const Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
        if (!file) throw Error::system(errno, fmt::format("Failed to open file '{}'", path));
        SavedHead::replace(file.get(), path, text, running);
    });
}

/// Fills the memory of a guest that was started to wait for it.
Task<> Driver::load_saved(std::shared_ptr<QemuMachine> machine, std::string path) {
    auto image = co_await in_pool([path] {
        OpenImage opened{.file = open_image(path), .head = {}};
        opened.head = SavedHead::read(opened.file.get(), path);
        return opened;
    });
    if (image.head.compression != SavedHead::Compression::raw)
        throw Error(ErrorCode::config_unsupported, fmt::format("compressed save image '{}' cannot be read yet", path));
    if (::lseek(image.file.get(), static_cast<off_t>(image.head.stream_offset), SEEK_SET) < 0)
        throw Error::system(errno, fmt::format("cannot read '{}'", path));
    co_await transfer(machine, std::move(image.file), "migrate-incoming");
}

}  // namespace innkeeper::qemu
