#include "drivers/qemu/guest_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/log.h"

namespace innkeeper::qemu {

namespace {

Fd open_log(const std::string& path, int flags, std::string_view what) {
    Fd file(::open(path.c_str(), flags | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) throw Error::system(errno, fmt::format("failed to {} {}", what, path));
    return file;
}

void write(const Fd& file, std::string_view text) {
    // A full disk must not stop a guest.
    [[maybe_unused]] const ssize_t n = ::write(file.get(), text.data(), text.size());
}

LogMark end_of(const Fd& file) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return {};
    return {status.st_ino, static_cast<std::uint64_t>(status.st_size)};
}

class FileLogs final : public GuestLogs {
  public:
    Task<Opened> open(LogName log, std::string head, std::vector<DeviceLog> devices) override {
        Opened opened;
        opened.output = open_log(log.path, O_WRONLY, "create logfile");
        for (const auto& device : devices)
            opened.devices.push_back(open_log(device.path, O_WRONLY | (device.append ? 0 : O_TRUNC), "open log file"));
        write(opened.output, head);
        opened.mark = end_of(opened.output);
        co_return opened;
    }

    void append(LogName log, std::string text) override {
        try {
            write(open_log(log.path, O_WRONLY, "open log file"), text);
        } catch (const Error& error) {
            log::warning("domain '{}': {}", log.guest, error.message());
        }
    }

    Task<std::string> words(LogName log, LogMark mark) override {
        const Fd file(::open(log.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (!file) co_return "";
        const auto end = end_of(file);
        // Somebody may have begun a new file meanwhile.
        const auto first = end.inode == mark.inode ? mark.offset : 0;
        const auto start = std::max(first, end.offset - std::min<std::uint64_t>(end.offset, most_log_words));
        std::string text(end.offset - std::min(start, end.offset), '\0');
        const ssize_t n = ::pread(file.get(), text.data(), text.size(), static_cast<off_t>(start));
        text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        co_return last_words(std::move(text));
    }

    Task<> close() override { co_return; }
};

}  // namespace

std::unique_ptr<GuestLogs> file_logs() { return std::make_unique<FileLogs>(); }

std::string log_line(std::string_view text) {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    tm parts{};
    ::gmtime_r(&time.tv_sec, &parts);
    char now[32];
    ::strftime(now, sizeof now, "%Y-%m-%d %H:%M:%S", &parts);
    return fmt::format("{}.{:03}+0000: {}\n", now, time.tv_nsec / 1000000, text);
}

std::string last_words(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    if (text.size() > most_log_words) text.erase(0, text.size() - most_log_words);
    return text;
}

Task<GuestLogs::Opened> GuestLog::open(std::string head, std::vector<DeviceLog> devices) {
    auto opened = co_await logs_.open(name_, std::move(head), std::move(devices));
    mark_ = opened.mark;
    co_return opened;
}

}  // namespace innkeeper::qemu
