#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>

#include "base/error.h"
#include "drivers/test/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// What an agent inside of a simulated guest would answer.
namespace innkeeper::test {

namespace {

struct FileSystem {
    std::string_view mountpoint, partition;
};
constexpr FileSystem file_systems[] = {{"/", "1"}, {"/boot", "2"}};

class InsideHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = InsideHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetHostname>(*this, &Self::get_hostname);
        table.add<wire::DomainGetTime>(*this, &Self::get_time);
        table.add<wire::DomainSetTime>(*this, &Self::set_time);
        table.add<wire::DomainGetFsinfo>(*this, &Self::get_file_systems);
        table.add<wire::DomainFsfreeze>(*this, &Self::freeze);
        table.add<wire::DomainFsthaw>(*this, &Self::thaw);
        table.add<wire::DomainFstrim>(*this, &Self::trim);
        table.add<wire::DomainSetUserPassword>(*this, &Self::set_password);
        table.add<wire::DomainSendProcessSignal>(*this, &Self::send_signal);
        table.add<wire::DomainMemoryPeek>(*this, &Self::peek);
    }

  private:
    /// Of a guest that runs; those of guests that are no more go.
    Inside& inside_of(const guests::Guest& guest) {
        auto& all = driver().insides;
        std::erase_if(all, [&](const auto& entry) { return guests_.registry().by_uuid(entry.first) == nullptr; });
        return all[guest.uuid()];
    }

    wire::DomainGetHostnameRet get_hostname(const Caller&, const wire::DomainGetHostnameArgs& args) {
        constexpr std::uint32_t known = VIR_DOMAIN_GET_HOSTNAME_LEASE;
        check_flags(args.flags, known, "DomainGetHostname");
        const auto guest = find_active(args.dom);
        return {guest->name() + "host"};
    }

    wire::DomainGetTimeRet get_time(const Caller&, const wire::DomainGetTimeArgs& args) {
        check_flags(args.flags, 0, "DomainGetTime");
        const auto guest = find(args.dom);
        if (!guest->is_active()) throw Error(ErrorCode::operation_invalid, "domain is not running");
        const Inside& inside = inside_of(*guest);
        return {inside.seconds, inside.nanoseconds};
    }
    void set_time(const Caller&, const wire::DomainSetTimeArgs& args) {
        check_flags(args.flags, VIR_DOMAIN_TIME_SYNC, "DomainSetTime");
        Inside& inside = inside_of(*find_active(args.dom));
        inside.seconds = args.seconds;
        inside.nanoseconds = args.nseconds;
    }

    /// On the first disk.
    wire::DomainGetFsinfoRet get_file_systems(const Caller&, const wire::DomainGetFsinfoArgs& args) {
        check_flags(args.flags, 0, "DomainGetFSInfo");
        const auto def = find_active(args.dom)->live();
        wire::DomainGetFsinfoRet ret;
        if (def->devices.disks.empty()) return ret;
        const std::string disk = def->devices.disks.front().target;
        for (const auto& [mountpoint, partition] : file_systems)
            ret.info.push_back({std::string(mountpoint), disk + std::string(partition), "ext4", {disk}});
        ret.ret = static_cast<std::uint32_t>(ret.info.size());
        return ret;
    }

    static std::size_t number_of(std::string_view mountpoint) {
        const auto found = std::ranges::find(file_systems, mountpoint, &FileSystem::mountpoint);
        if (found == std::end(file_systems))
            throw Error(ErrorCode::operation_invalid, fmt::format("mount point not found: {}", mountpoint));
        return static_cast<std::size_t>(found - std::begin(file_systems));
    }

    /// All of them if none is named; how many were not so before.
    static int set_frozen(Inside& inside, std::span<const std::string> mountpoints, bool frozen) {
        std::array<bool, 2> chosen{};
        for (const auto& mountpoint : mountpoints) chosen[number_of(mountpoint)] = true;
        int changed = 0;
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            if (!mountpoints.empty() && !chosen[i]) continue;
            changed += inside.frozen[i] != frozen;
            inside.frozen[i] = frozen;
        }
        return changed;
    }
    wire::DomainFsfreezeRet freeze(const Caller&, const wire::DomainFsfreezeArgs& args) {
        check_flags(args.flags, 0, "DomainFSFreeze");
        return {set_frozen(inside_of(*find_active(args.dom)), args.mountpoints, true)};
    }
    wire::DomainFsthawRet thaw(const Caller&, const wire::DomainFsthawArgs& args) {
        check_flags(args.flags, 0, "DomainFSThaw");
        return {set_frozen(inside_of(*find_active(args.dom)), args.mountpoints, false)};
    }
    void trim(const Caller&, const wire::DomainFstrimArgs& args) {
        check_flags(args.flags, 0, "DomainFSTrim");
        find_active(args.dom);
        if (args.mountPoint) number_of(*args.mountPoint);
    }

    void set_password(const Caller&, const wire::DomainSetUserPasswordArgs& args) {
        check_flags(args.flags, VIR_DOMAIN_PASSWORD_ENCRYPTED, "DomainSetUserPassword");
        find_active(args.dom);
    }

    /// Nothing comes of it, whether the guest runs or not.
    void send_signal(const Caller&, const wire::DomainSendProcessSignalArgs& args) {
        constexpr int last_signal = 64;
        check_flags(args.flags, 0, "DomainSendProcessSignal");
        find(args.dom);
        if (args.pid_value != 1) throw Error(ErrorCode::invalid_arg, "only sending a signal to pid 1 is supported");
        if (args.signum < 0 || args.signum > last_signal)
            throw Error(ErrorCode::invalid_arg, fmt::format("signum value {} is out of range", args.signum));
    }

    /// Each byte of the memory is the low byte of its address.
    wire::DomainMemoryPeekRet peek(const Caller&, const wire::DomainMemoryPeekArgs& args) {
        constexpr std::uint32_t most = 1 << 20;
        if (args.size > most) throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "size > maximum buffer size");
        if (args.flags != VIR_MEMORY_VIRTUAL && args.flags != VIR_MEMORY_PHYSICAL)
            throw Error(ErrorCode::invalid_arg, "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL");
        find_active(args.dom);
        wire::DomainMemoryPeekRet ret;
        for (std::uint64_t i = 0; i < args.size; ++i)
            ret.buffer.push_back(static_cast<std::uint8_t>((args.offset + i) & 0xff));
        return ret;
    }
};

}  // namespace

Installed install_inside(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<InsideHandlers>(guests, table);
}

}  // namespace innkeeper::test
