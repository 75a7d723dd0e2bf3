#include "drivers/qemu/backup_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/command/storage.h"
#include "drivers/qemu/layers.h"
#include "drivers/qemu/nodes.h"

namespace innkeeper::qemu {

namespace json = boost::json;
using model::BackupDef;
using model::BackupDisk;

namespace {

constexpr std::int32_t backup_operation = 9;  ///< VIR_DOMAIN_JOB_OPERATION_BACKUP

std::uint64_t number(const json::object& about, const char* key) {
    const auto* value = about.if_contains(key);
    return value != nullptr && value->is_int64() ? static_cast<std::uint64_t>(value->get_int64()) : 0;
}

Task<> tell_end(std::shared_ptr<QemuMachine> machine, std::shared_ptr<BackupRun>, Queue<std::string>* told) {
    co_await machine->exited.wait();
    told->close();
}

/// Of jobs as query-jobs lists them; null if it is not there.
const json::object* find_job(const json::value& jobs, const std::string& name) {
    if (!jobs.is_array()) return nullptr;
    for (const auto& job : jobs.get_array()) {
        const auto* id = job.is_object() ? job.get_object().if_contains("id") : nullptr;
        if (id != nullptr && id->is_string() && id->get_string() == name) return &job.get_object();
    }
    return nullptr;
}

json::object address_of(const model::BackupServer& server) {
    if (server.transport == model::StorageHost::Transport::unix_)
        return {{"type", "unix"}, {"data", json::object{{"path", server.socket}}}};
    if (!server.port) throw Error(ErrorCode::operation_unsupported, "<domainbackup> must specify TCP port for now");
    return {{"type", "inet"}, {"data", json::object{{"host", server.name}, {"port", std::to_string(*server.port)}}}};
}

}  // namespace

BackupRun::BackupRun(std::shared_ptr<QemuMachine> machine, guests::BackupPtr asked)
    : machine_(std::move(machine)), document_(std::move(asked)) {
    for (const auto& entry : document_->disks) {
        if (!entry.takes_part()) continue;
        Part part;
        part.disk = entry.name;
        part.store = entry.store;
        if (!entry.incremental.empty()) part.bitmap = "backup-" + entry.name;
        parts_.push_back(std::move(part));
    }
}

void BackupRun::add_actions(const Part& part, json::array& actions) const {
    const auto add = [&](const char* type, json::object data) {
        json::object action{{"type", type}, {"data", std::move(data)}};
        actions.push_back(std::move(action));
    };
    if (!part.bitmap.empty()) {
        const auto entry = std::ranges::find(document_->disks, part.disk, &BackupDisk::name);
        add("block-dirty-bitmap-add", {{"node", part.source}, {"name", part.bitmap}, {"disabled", true}});
        json::array from;
        from.emplace_back(entry->incremental);
        add("block-dirty-bitmap-merge", {{"node", part.source}, {"target", part.bitmap}, {"bitmaps", std::move(from)}});
    }
    json::object data{{"device", part.source},
                      {"target", node_name(part.store) + "-format"},
                      {"job-id", part.job},
                      {"auto-dismiss", false}};
    data["sync"] = pulls() ? "none" : part.bitmap.empty() ? "full" : "incremental";
    if (!pulls() && !part.bitmap.empty()) data["bitmap"] = part.bitmap;
    add("blockdev-backup", std::move(data));
}

Task<> BackupRun::begin(json::array actions) {
    // Those of a checkpoint come last: what is noted from now on is not in this backup.
    json::array all;
    for (const auto& part : parts_) add_actions(part, all);
    for (auto& action : actions) all.push_back(std::move(action));
    auto copy = std::make_shared<BackupDef>(*document_);
    for (const auto& part : parts_)
        std::ranges::find(copy->disks, part.disk, &BackupDisk::name)->store.index = part.store.index;
    document_ = std::move(copy);
    if (pulls()) co_await open_server();
    for (const auto& part : parts_)
        machine_->on_job[part.job] = [weak = weak_from_this(), job = part.job](std::string_view status) {
            if (const auto self = weak.lock(); self && status == "concluded") self->concluded_.try_push(job);
        };
    began_ = std::chrono::steady_clock::now();
    json::object arguments{{"actions", std::move(all)}};
    co_await machine_->monitor().execute("transaction", std::move(arguments));
    if (pulls()) co_await open_exports();
}

Task<> BackupRun::open_server() {
    json::object arguments{{"addr", address_of(*document_->server)}};
    co_await machine_->monitor().execute("nbd-server-start", std::move(arguments));
    has_server_ = true;
}

Task<> BackupRun::open_exports() {
    for (const auto& part : parts_) {
        const auto entry = std::ranges::find(document_->disks, part.disk, &BackupDisk::name);
        json::object arguments{{"type", "nbd"},
                               {"id", part.job},
                               {"node-name", node_name(part.store) + "-format"},
                               {"writable", false},
                               {"name", entry->export_name}};
        if (!part.bitmap.empty()) {
            json::array bitmaps;
            bitmaps.emplace_back(part.bitmap);
            arguments["bitmaps"] = std::move(bitmaps);
        }
        co_await machine_->monitor().execute("block-export-add", std::move(arguments));
    }
}

Task<> BackupRun::abort() {
    was_aborted_ = true;
    std::vector<QmpCommand> commands;
    for (const auto& part : parts_)
        if (!part.has_ended) commands.push_back({.name = "job-cancel", .arguments = {{"id", part.job}}});
    co_await machine_->monitor().batch(std::move(commands));
}

Task<guests::JobFigures> BackupRun::figures() {
    if (ended_) co_return *ended_;
    guests::JobFigures now;
    now.operation = backup_operation;
    now.ends_itself = !pulls();
    now.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
    if (!pulls()) {
        const auto jobs = co_await machine_->monitor().execute("query-jobs");
        now.disk_total = now.disk_processed = total_;
        for (const auto& part : parts_)
            if (const auto* job = part.has_ended ? nullptr : find_job(jobs, part.job)) {
                now.disk_total += number(*job, "total-progress");
                now.disk_processed += number(*job, "current-progress");
            }
        co_return now;
    }
    for (const auto& part : parts_) now.temp_total += part.size;
    const auto stats = co_await machine_->monitor().execute("query-blockstats", {{"query-nodes", true}});
    if (stats.is_array())
        for (const auto& node : stats.get_array()) {
            const auto& about = node.as_object();
            const auto* name = about.if_contains("node-name");
            const bool is_scratch = name != nullptr && std::ranges::any_of(parts_, [&](const Part& part) {
                                        return name->as_string() == node_name(part.store) + "-storage";
                                    });
            if (is_scratch) now.temp_used += number(about.at("stats").as_object(), "wr_highest_offset");
        }
    co_return now;
}

Task<> BackupRun::end_part(std::string job) {
    const auto part = std::ranges::find(parts_, job, &Part::job);
    if (part == parts_.end() || part->has_ended) co_return;
    const auto jobs = co_await machine_->monitor().execute("query-jobs");
    if (const auto* about = find_job(jobs, job)) {
        total_ += number(*about, "total-progress");
        if (const auto* error = about->if_contains("error"); error != nullptr && error->is_string())
            failure_ = std::string(error->get_string());
    }
    std::vector<QmpCommand> commands;
    commands.push_back({.name = "job-dismiss", .arguments = {{"id", job}}});
    co_await machine_->monitor().batch(std::move(commands));
    part->has_ended = true;
}

Task<> BackupRun::clean_up(Stores stores) {
    if (!machine_->exited.is_set()) {
        std::vector<QmpCommand> commands;
        if (has_server_) commands.push_back({.name = "nbd-server-stop", .arguments = {}});
        co_await machine_->monitor().batch(std::move(commands));
        for (const auto& part : parts_) {
            co_await forget_nodes(machine_, part.nodes);
            if (part.bitmap.empty()) continue;
            std::vector<QmpCommand> removal;
            removal.push_back(
                {.name = "block-dirty-bitmap-remove", .arguments = {{"node", part.source}, {"name", part.bitmap}}});
            co_await machine_->monitor().batch(std::move(removal));
        }
    }
    for (const auto& part : parts_) {
        machine_->on_job.erase(part.job);
        if (part.is_made && stores == Stores::remove) ::unlink(part.store.path.c_str());
    }
}

Task<> BackupRun::follow(std::shared_ptr<BackupRun> run) {
    TaskGroup watch;
    watch.spawn(tell_end(run->machine_, run, &run->concluded_));
    std::exception_ptr failure;
    try {
        while (!std::ranges::all_of(run->parts_, &Part::has_ended)) {
            const auto job = co_await run->concluded_.pop();
            if (!job) break;
            co_await run->end_part(*job);
            // One disk without the others is no backup.
            if (!run->failure_.empty() && !run->was_aborted_) co_await run->abort();
        }
        guests::JobFigures result;
        result.operation = backup_operation;
        result.ends_itself = !run->pulls();
        result.has_ended = true;
        result.elapsed =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - run->began_);
        if (run->pulls())
            for (const auto& part : run->parts_) result.temp_total += part.size;
        else
            result.disk_total = result.disk_processed = run->total_;
        result.failure = run->was_aborted_ && run->failure_.empty() ? "Operation canceled" : run->failure_;
        co_await run->clean_up(result.failure.empty() && !run->pulls() ? Stores::keep : Stores::remove);
        run->ended_ = std::move(result);
    } catch (const Error& error) {
        log::warning("the end of a backup: {}", error.message());
        run->ended_ = guests::JobFigures{.operation = backup_operation, .has_ended = true, .failure = error.message()};
    } catch (...) {
        failure = std::current_exception();
    }
    Scope unhurried;
    co_await watch.close().under(unhurried);
    // They hold each other as long as it goes on.
    run->machine_.reset();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace innkeeper::qemu
