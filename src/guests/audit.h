#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string_view>

#include "guests/condition.h"
#include "model/domain/device.h"

namespace innkeeper::host {
class Audit;
}

/// Records of guests' lives and of what they are given, for the host's audit system, with the peer's fields. Whoever
/// makes one has asked whether there is an audit.
namespace innkeeper::guests::audit {

/// What it was given, then that it runs; or that it was to run and does not.
void start(const host::Audit& audit, const model::DomainDef& def, StartedDetail how, pid_t process, bool success);
void stop(const host::Audit& audit, const model::DomainDef& def, Shutoff reason);
/// `reason`: "attach", "detach".
void device(const host::Audit& audit, const model::DomainDef& def, const model::Device& device, std::string_view reason,
            bool success);
/// A disk that has another medium.
void medium(const host::Audit& audit, const model::DomainDef& def, const model::Disk& before, const model::Disk& after,
            bool success);
/// `resource`: "mem" in KiB, "vcpu", "iothread".
void amount(const host::Audit& audit, const model::DomainDef& def, std::string_view resource, std::uint64_t before,
            std::uint64_t after, bool success);

/// Something that may fail: when this goes, it is recorded how it went. Without a record nothing happens.
class Attempt {
  public:
    using Record = std::function<void(bool success)>;
    explicit Attempt(Record record = {}) : record_(std::move(record)) {}
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() {
        if (record_) record_(success_);
    }
    void record_as(Record record) { record_ = std::move(record); }
    void succeeded() { success_ = true; }

  private:
    Record record_;
    bool success_ = false;
};

}  // namespace innkeeper::guests::audit
