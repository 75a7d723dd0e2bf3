#include "logd/logs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <climits>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "loop/pool.h"

namespace innkeeper::logd {

namespace json = boost::json;

struct Logs::Log {
    std::string path, driver, guest;
    Uuid uuid;
    std::optional<Descriptor> pipe;
    std::optional<RotatingFile> file;  ///< used in the pool, by who has the turn
    /// One writes, or looks, at a time.
    std::shared_ptr<Turns> turns = std::make_shared<Turns>();
    bool is_failing = false;  ///< that it cannot be written has been said
};

namespace {

/// What a pipe holds: after one read of that size nothing is left that was there before.
constexpr std::size_t pipe_size = 64U << 10;
/// A disk may take its time; nothing else waits for it.
constexpr std::chrono::hours patience{1};

void no_flags(const rpc::Caller& caller, std::uint32_t flags) {
    if (flags == 0) return;
    throw Error::invalid_argument(ErrorDomain::logging, caller.row->api, "flags",
                                  fmt::format("unsupported flags (0x{:x}) in function {}", flags, caller.row->api));
}

/// Whoever asks is root, as we are; what is refused would only surprise him.
void check_path(const std::string& path) {
    if (path.starts_with('/') && path.size() < PATH_MAX) return;
    throw Error(ErrorCode::invalid_arg, ErrorDomain::logging, "the path of a log must be absolute");
}

/// The lines of a failure in the pool, for which no domain is known there.
template <class F>
auto on_disk(F work) -> Task<std::invoke_result_t<F>> {
    try {
        co_return co_await in_pool(std::move(work));
    } catch (Error& error) {
        error.set_domain_if_none(ErrorDomain::logging);
        throw;
    }
}

std::string text_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_string())
        throw Error(ErrorCode::internal_error, ErrorDomain::logging, fmt::format("Missing {} in JSON document", key));
    return std::string(value->get_string());
}

}  // namespace

void Logs::add_to(rpc::HandlerTable& table) {
    table.add<wire::DomainOpenLogFile>(*this, &Logs::open);
    table.add<wire::DomainGetLogFilePosition>(*this, &Logs::position);
    table.add<wire::DomainReadLogFile>(*this, &Logs::read);
    table.add<wire::DomainAppendLogFile>(*this, &Logs::append);
}

Task<Turns::Turn> Logs::turn(LogPtr log) {
    auto* turns = log->turns.get();
    return turns->take("log", patience, log->guest);
}

Task<wire::DomainOpenLogFileRet> Logs::open(rpc::Caller caller, wire::DomainOpenLogFileArgs args) {
    check_path(args.path);
    if (const auto at = open_.find(args.path); at != open_.end() && at->second->pipe) {
        // Its guest may have ended a moment ago, and runs again.
        const LogPtr old = at->second;
        const auto held = co_await turn(old);
        if (!co_await take_some(old) || !co_await take_some(old)) forget(*old);
    }
    auto log = std::make_shared<Log>();
    log->path = args.path;
    log->driver = args.driver;
    log->guest = args.dom.name;
    log->uuid = args.dom.uuid;
    // It has its place from now on, so that another who opens it meanwhile is told.
    if (!open_.emplace(args.path, log).second)
        throw Error::system(EBUSY, fmt::format("Cannot open log file: '{}'", args.path), ErrorDomain::logging);
    std::exception_ptr failure;
    Position position;
    try {
        const bool truncate = (args.flags & static_cast<std::uint32_t>(wire::DomainOpenLogFileFlags::truncate)) != 0;
        const auto begin = truncate ? RotatingFile::Begin::empty : RotatingFile::Begin::at_end;
        log->file.emplace(co_await in_pool(
            [path = args.path, rotation = rotation_, begin] { return RotatingFile(path, rotation, begin); }));
        position = log->file->position();
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw Error::system(errno, "Cannot open fifo pipe", ErrorDomain::logging);
        Fd ours(ends[0]);
        caller.reply_fds->emplace_back(ends[1]);
        log->pipe.emplace(std::move(ours));
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        open_.erase(args.path);
        std::rethrow_exception(failure);
    }
    drains_.spawn(drain(log));
    changed();
    co_return wire::DomainOpenLogFileRet{.pos = {.inode = position.inode, .offset = position.offset}};
}

/// What is in the pipe now goes to the file, which may take a while and never the loop's time. False when nobody has
/// the other end any more. To be called by who has the turn.
Task<bool> Logs::take_some(LogPtr log) {
    auto bytes = std::make_unique_for_overwrite<char[]>(pipe_size);
    const auto size = log->pipe->try_read(std::as_writable_bytes(std::span(bytes.get(), pipe_size)));
    if (!size) co_return true;
    if (*size == 0) co_return false;
    std::string failure;
    try {
        co_await in_pool([file = &*log->file, text = std::string_view(bytes.get(), *size)] { file->append(text); });
    } catch (const Error& error) {
        failure = error.message();
    }
    // A guest does not wait, nor end, because its log cannot be written.
    if (!failure.empty() && !log->is_failing) log::error("guest '{}': {}", log->guest, failure);
    log->is_failing = !failure.empty();
    co_return true;
}

Task<> Logs::drain(LogPtr log) {
    for (;;) {
        co_await log->pipe->readable();
        const auto held = co_await turn(log);
        if (!co_await take_some(log)) break;
    }
    forget(*log);
}

/// Another may have the path by now.
void Logs::forget(const Log& log) {
    const auto at = open_.find(log.path);
    if (at == open_.end() || at->second.get() != &log) return;
    open_.erase(at);
    changed();
}

Task<wire::DomainGetLogFilePositionRet> Logs::position(rpc::Caller caller, wire::DomainGetLogFilePositionArgs args) {
    no_flags(caller, args.flags);
    const auto at = open_.find(args.path);
    if (at == open_.end() || !at->second->pipe)
        throw Error(ErrorCode::internal_error, ErrorDomain::logging, fmt::format("No open log file {}", args.path));
    const LogPtr log = at->second;
    const auto held = co_await turn(log);
    // What was written before the question counts.
    co_await take_some(log);
    const auto position = log->file->position();
    co_return wire::DomainGetLogFilePositionRet{.pos = {.inode = position.inode, .offset = position.offset}};
}

Task<wire::DomainReadLogFileRet> Logs::read(rpc::Caller caller, wire::DomainReadLogFileArgs args) {
    no_flags(caller, args.flags);
    check_path(args.path);
    constexpr std::uint64_t most = wire::string_max;
    if (args.maxlen > most)
        throw Error(ErrorCode::internal_error, ErrorDomain::rpc,
                    fmt::format("Requested data len {} is larger than maximum {}", args.maxlen, most));
    auto text = co_await on_disk(
        [path = args.path, backups = rotation_.max_backups, from = Position{args.pos.inode, args.pos.offset},
         size = static_cast<std::size_t>(args.maxlen)] { return read_log(path, backups, from, size); });
    // A string of the wire has no zero in it.
    text.resize(std::min(text.size(), text.find('\0')));
    co_return wire::DomainReadLogFileRet{.data = std::move(text)};
}

Task<wire::DomainAppendLogFileRet> Logs::append(rpc::Caller caller, wire::DomainAppendLogFileArgs args) {
    no_flags(caller, args.flags);
    check_path(args.path);
    if (const auto at = open_.find(args.path); at != open_.end() && at->second->pipe) {
        const LogPtr log = at->second;
        const auto held = co_await turn(log);
        co_await take_some(log);
        co_await on_disk([file = &*log->file, text = std::move(args.message)] { file->append(text); });
    } else {
        co_await on_disk([path = args.path, rotation = rotation_, text = std::move(args.message)] {
            RotatingFile(path, rotation, RotatingFile::Begin::at_end).append(text);
        });
    }
    co_return wire::DomainAppendLogFileRet{.ret = 0};
}

Task<std::shared_ptr<void>> Logs::hold() {
    auto held = std::make_shared<std::vector<Turns::Turn>>();
    std::vector<LogPtr> logs;
    for (const auto& [path, log] : open_) logs.push_back(log);
    for (const auto& log : logs) held->push_back(co_await turn(log));
    co_return held;
}

objects::Service::Legacy Logs::legacy() const {
    Legacy legacy;
    json::array files;
    for (const auto& [path, log] : open_) {
        legacy.descriptors.push_back(log->pipe->get());
        files.push_back(json::object{{"pipefd", log->pipe->get()},
                                     {"path", path},
                                     {"driver", log->driver},
                                     {"domname", log->guest},
                                     {"domuuid", log->uuid.text()}});
    }
    legacy.json = json::serialize(json::object{{"handler", json::object{{"files", std::move(files)}}}});
    return legacy;
}

void Logs::inherit(std::string_view text) {
    const json::value root = json::parse(text);
    const auto& files = root.at("handler").at("files").as_array();
    for (const auto& value : files) {
        const auto& file = value.as_object();
        auto log = std::make_shared<Log>();
        Fd pipe(file.at("pipefd").to_number<int>());
        ::fcntl(pipe.get(), F_SETFD, FD_CLOEXEC);
        log->path = text_of(file, "path");
        log->driver = text_of(file, "driver");
        log->guest = text_of(file, "domname");
        log->uuid = Uuid::parse(text_of(file, "domuuid")).value_or(Uuid());
        try {
            log->file.emplace(log->path, rotation_, RotatingFile::Begin::at_end);
            log->pipe.emplace(std::move(pipe));
        } catch (const Error& error) {
            log::error("guest '{}': {}", log->guest, error.message());
            continue;
        }
        open_.emplace(log->path, log);
        drains_.spawn(drain(log));
    }
}

Task<> Logs::close() {
    std::vector<LogPtr> logs;
    for (const auto& [path, log] : open_)
        if (log->pipe) logs.push_back(log);
    for (const auto& log : logs) {
        const auto held = co_await turn(log);
        co_await take_some(log);
    }
    co_await drains_.close();
    open_.clear();
}

}  // namespace innkeeper::logd
