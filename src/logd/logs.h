#pragma once

#include <map>
#include <memory>
#include <string>

#include "logd/rotating_file.h"
#include "loop/descriptor.h"
#include "loop/group.h"
#include "loop/turns.h"
#include "objects/service.h"
#include "protocol/log.h"

namespace innkeeper::logd {

namespace wire = protocol::log;

/// virtlogd's work: guests write into pipes, and what comes out of them goes to files, which rotate. A file has one
/// pipe at a time, as long as somebody has its other end. No client is needed for that.
class Logs final : public objects::Service {
  public:
    explicit Logs(Rotation rotation) : rotation_(rotation) {}

    std::uint32_t program() const override { return wire::program_number; }
    void add_to(rpc::HandlerTable& table) override;
    bool is_busy() const override { return !open_.empty(); }
    Task<std::shared_ptr<void>> hold() override;
    Legacy legacy() const override;
    void inherit(std::string_view json) override;
    /// What guests have written so far is in the files then.
    Task<> close() override;

    Task<wire::DomainOpenLogFileRet> open(rpc::Caller caller, wire::DomainOpenLogFileArgs args);
    Task<wire::DomainGetLogFilePositionRet> position(rpc::Caller caller, wire::DomainGetLogFilePositionArgs args);
    Task<wire::DomainReadLogFileRet> read(rpc::Caller caller, wire::DomainReadLogFileArgs args);
    Task<wire::DomainAppendLogFileRet> append(rpc::Caller caller, wire::DomainAppendLogFileArgs args);

  private:
    struct Log;
    using LogPtr = std::shared_ptr<Log>;
    Task<> drain(LogPtr log);
    void forget(const Log& log);
    static Task<bool> take_some(LogPtr log);
    static Task<Turns::Turn> turn(LogPtr log);

    const Rotation rotation_;
    std::map<std::string, LogPtr, std::less<>> open_;
    TaskGroup drains_;
};

}  // namespace innkeeper::logd
