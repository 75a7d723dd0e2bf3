#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "lockd/lease_file.h"
#include "loop/child.h"
#include "loop/group.h"
#include "loop/turns.h"
#include "objects/service.h"
#include "protocol/lock.h"

namespace innkeeper::lockd {

namespace wire = protocol::lock;

/// virtlockd's work: locks that guests hold on their disks and leases, so that no two of them, on whichever hosts,
/// write to one at a time. A lock belongs to a process, the guest's, and not to the connection over which it was asked
/// for.
///
/// A process that has connected for itself, as its own owner, loses its locks with that connection: it has ended, or
/// it is ended first, since what goes on without locks could do harm.
class Locks final : public objects::Service {
  public:
    Locks() { spaces_.emplace("", Lockspace()); }

    std::uint32_t program() const override { return wire::program_number; }
    void add_to(rpc::HandlerTable& table) override;
    bool is_busy() const override;
    Task<std::shared_ptr<void>> hold() override;
    Legacy legacy() const override;
    std::string legacy_of(std::uint64_t client) const override;
    void inherit(std::string_view json) override;
    void inherit_client(const std::shared_ptr<rpc::ClientSession>& session, std::string_view json) override;
    void end() override;
    Task<> close() override;

    void register_owner(const rpc::Caller& caller, const wire::RegisterArgs& args);
    void restrict(const rpc::Caller& caller, const wire::RestrictArgs& args);
    Task<> create_lockspace(rpc::Caller caller, wire::CreateLockspaceArgs args);
    Task<> new_lockspace(rpc::Caller caller, wire::NewArgs args);
    Task<> create_resource(rpc::Caller caller, wire::CreateResourceArgs args);
    Task<> delete_resource(rpc::Caller caller, wire::DeleteResourceArgs args);
    Task<> acquire(rpc::Caller caller, wire::AcquireResourceArgs args);
    Task<> release(rpc::Caller caller, wire::ReleaseResourceArgs args);

  private:
    struct Resource {
        std::string path;
        Fd file;
        Manner manner;
        std::vector<pid_t> owners;
    };
    using Lockspace = std::map<std::string, Resource, std::less<>>;
    struct Client {
        Uuid uuid;
        std::string name;
        std::uint32_t id = 0;
        pid_t pid = 0;
        bool restricted = false;
        std::optional<Process> process;  ///< if it is the owner itself
    };

    Client& owner(const rpc::Caller& caller);
    void watch(const std::shared_ptr<rpc::ClientSession>& session);
    void client_gone(std::uint64_t id);
    Task<> end_owner(Client client);
    Task<> release_all(pid_t owner);
    Task<> let_go(std::string space, std::string name, pid_t owner);
    Lockspace& find_space(const std::string& path);
    Task<> add_space(std::string path);
    Task<Turns::Turn> turn(std::string path);

    /// By their folders; the first, without one, has resources whose names are paths.
    std::map<std::string, Lockspace, std::less<>> spaces_;
    std::map<std::uint64_t, Client> clients_;
    /// One change of a file at a time.
    std::map<std::string, std::shared_ptr<Turns>> turns_;
    TaskGroup tasks_;
};

}  // namespace innkeeper::lockd
