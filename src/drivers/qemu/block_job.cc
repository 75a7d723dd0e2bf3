#include "drivers/qemu/block_job.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <exception>

#include "base/error.h"

namespace innkeeper::qemu {

namespace json = boost::json;

namespace {

/// A guest that dies meanwhile ends the wait.
Task<> tell_end(std::shared_ptr<QemuMachine> machine, Queue<std::string>* told) {
    co_await machine->exited.wait();
    told->close();
}

std::string failure_of(const json::value& jobs, std::string_view name) {
    if (jobs.is_array())
        for (const auto& job : jobs.get_array()) {
            if (!job.is_object()) continue;
            const auto* id = job.get_object().if_contains("id");
            const auto* error = job.get_object().if_contains("error");
            if (id != nullptr && id->is_string() && id->get_string() == name && error != nullptr && error->is_string())
                return std::string(error->get_string());
        }
    return {};
}

}  // namespace

BlockJob::BlockJob(std::shared_ptr<QemuMachine> machine, std::string name)
    : machine_(std::move(machine)), name_(std::move(name)) {
    machine_->on_job[name_] = [this](std::string_view status) { told_.try_push(std::string(status)); };
}

BlockJob::~BlockJob() { machine_->on_job.erase(name_); }

Task<> BlockJob::run(QmpCommand command) {
    TaskGroup watch;
    watch.spawn(tell_end(machine_, &told_));
    std::exception_ptr failure;
    try {
        co_await watched(std::move(command));
    } catch (...) {
        failure = std::current_exception();
    }
    Scope unhurried;
    co_await watch.close().under(unhurried);
    if (failure) std::rethrow_exception(failure);
}

Task<> BlockJob::watched(QmpCommand command) {
    command.arguments["job-id"] = name_;
    command.arguments["auto-finalize"] = true;
    command.arguments["auto-dismiss"] = false;
    co_await machine_->monitor().execute(command.name, std::move(command.arguments));
    bool is_completed = false;
    while (const auto status = co_await told_.pop()) {
        if (*status == "concluded") co_return co_await end();
        if (*status != "ready" || is_completed) continue;
        is_completed = true;
        co_await machine_->monitor().execute("job-complete", {{"id", name_}});
    }
    throw Error(ErrorCode::operation_failed, fmt::format("the guest ended before its job '{}'", name_));
}

Task<> BlockJob::end() {
    const auto jobs = co_await machine_->monitor().execute("query-jobs");
    const auto failure = failure_of(jobs, name_);
    co_await machine_->monitor().execute("job-dismiss", {{"id", name_}});
    if (!failure.empty()) throw Error(ErrorCode::operation_failed, fmt::format("block job failed: {}", failure));
}

}  // namespace innkeeper::qemu
