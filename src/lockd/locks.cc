#include "lockd/locks.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <climits>
#include <csignal>

#include "base/error.h"
#include "base/log.h"
#include "loop/pool.h"

namespace innkeeper::lockd {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

/// How long a guest without its locks may take to close its images, and how long one that waits for the same file.
constexpr auto term_limit = 10s;
constexpr auto patience = 30s;

void only_flags(const rpc::Caller& caller, std::uint32_t flags, std::uint32_t known) {
    if ((flags & ~known) == 0) return;
    throw Error::invalid_argument(
        ErrorDomain::rpc, caller.row->api, "flags",
        fmt::format("unsupported flags (0x{:x}) in function {}", flags & ~known, caller.row->api));
}

Error invalid(std::string text) { return Error(ErrorCode::operation_invalid, ErrorDomain::rpc, std::move(text)); }

/// Below a lockspace's folder a name is one of its files; without one it is a path.
std::string path_of(const std::string& space, const std::string& name) {
    if (space.size() + name.size() >= PATH_MAX || space.contains('\0') || name.contains('\0'))
        throw Error(ErrorCode::invalid_arg, ErrorDomain::lockspace, "the name of a resource is too long");
    if (space.empty()) {
        if (name.starts_with('/')) return name;
        throw Error(ErrorCode::invalid_arg, ErrorDomain::lockspace,
                    fmt::format("'{}' is in no lockspace and must be a path", name));
    }
    if (name.empty() || name.contains('/') || name == "." || name == "..")
        throw Error(ErrorCode::invalid_arg, ErrorDomain::lockspace,
                    fmt::format("'{}' is no name for a resource in a lockspace", name));
    return fmt::format("{}/{}", space, name);
}

Error is_locked(const std::string& name) {
    return Error(ErrorCode::resource_busy, ErrorDomain::lockspace,
                 fmt::format("Lockspace resource '{}' is locked", name));
}

}  // namespace

void Locks::add_to(rpc::HandlerTable& table) {
    table.add<wire::Register>(*this, &Locks::register_owner);
    table.add<wire::Restrict>(*this, &Locks::restrict);
    table.add<wire::New>(*this, &Locks::new_lockspace);
    table.add<wire::CreateLockspace>(*this, &Locks::create_lockspace);
    table.add<wire::CreateResource>(*this, &Locks::create_resource);
    table.add<wire::DeleteResource>(*this, &Locks::delete_resource);
    table.add<wire::AcquireResource>(*this, &Locks::acquire);
    table.add<wire::ReleaseResource>(*this, &Locks::release);
}

bool Locks::is_busy() const {
    return std::ranges::any_of(spaces_, [](const auto& space) { return !space.second.empty(); });
}

// Clients

Locks::Client& Locks::owner(const rpc::Caller& caller) {
    const auto at = clients_.find(caller.session->id());
    if (at == clients_.end()) throw invalid("lock owner details have not been registered");
    if (at->second.restricted)
        throw Error(ErrorCode::operation_denied, ErrorDomain::rpc, "lock manager connection has been restricted");
    return at->second;
}

void Locks::register_owner(const rpc::Caller& caller, const wire::RegisterArgs& args) {
    only_flags(caller, args.flags, 0);
    const auto& session = caller.session;
    if (clients_.contains(session->id()))
        owner(caller);
    else
        watch(session);
    Client client{.uuid = args.owner.uuid,
                  .name = args.owner.name,
                  .id = args.owner.id,
                  .pid = static_cast<pid_t>(args.owner.pid),
                  .process = std::nullopt};
    if (session->identity().pid == client.pid) client.process = Process::adopt(client.pid);
    clients_.insert_or_assign(session->id(), std::move(client));
}

void Locks::restrict(const rpc::Caller& caller, const wire::RestrictArgs& args) {
    only_flags(caller, args.flags, 0);
    owner(caller).restricted = true;
}

void Locks::watch(const std::shared_ptr<rpc::ClientSession>& session) {
    session->on_close([this, id = session->id()] { client_gone(id); });
}

void Locks::client_gone(std::uint64_t id) {
    auto client = clients_.extract(id);
    if (client.empty() || !client.mapped().process) return;
    tasks_.spawn(end_owner(std::move(client.mapped())));
}

Task<> Locks::end_owner(Client client) {
    const auto has_locks = [this, &client] {
        return std::ranges::any_of(spaces_, [&](const auto& space) {
            return std::ranges::any_of(space.second, [&](const auto& resource) {
                return std::ranges::count(resource.second.owners, client.pid) > 0;
            });
        });
    };
    if (!has_locks()) co_return;
    bool late = !client.process->has_exited();
    if (late) {
        client.process->send_signal(SIGTERM);
        try {
            co_await within(term_limit, "the end of a guest without its locks", client.process->exited());
            late = false;
        } catch (const Error&) {
            log::warning("guest '{}' has lost its locks and does not end: it is killed", client.name);
        }
    }
    // As long as it is there its locks are.
    if (late) {
        client.process->send_signal(SIGKILL);
        co_await client.process->exited();
    }
    co_await release_all(client.pid);
}

Task<> Locks::release_all(pid_t owner) {
    std::vector<std::pair<std::string, std::string>> held;
    for (const auto& [space, resources] : spaces_)
        for (const auto& [name, resource] : resources)
            for (const pid_t each : resource.owners)
                if (each == owner) held.emplace_back(space, name);
    for (const auto& [space, name] : held) {
        try {
            co_await let_go(space, name, owner);
        } catch (const Error& error) {
            log::error("{}", error.message());
        }
    }
}

// Lockspaces and resources

Locks::Lockspace& Locks::find_space(const std::string& path) {
    const auto at = spaces_.find(path);
    if (at == spaces_.end())
        throw Error(ErrorCode::internal_error, ErrorDomain::rpc,
                    fmt::format("Lockspace for path {} does not exist", path));
    return at->second;
}

/// Entries that nobody uses any more go when the next is wanted.
Task<Turns::Turn> Locks::turn(std::string path) {
    std::erase_if(turns_, [](const auto& entry) { return entry.second.use_count() == 1 && entry.second->is_free(); });
    auto& turns = turns_[path];
    if (!turns) turns = std::make_shared<Turns>();
    const auto held = turns;
    co_return co_await held->take("lock", patience, path);
}

Task<> Locks::add_space(std::string path) {
    if (path.empty()) throw invalid("the default lockspace already exists");
    if (!path.starts_with('/') || path.size() >= PATH_MAX)
        throw Error(ErrorCode::invalid_arg, ErrorDomain::lockspace, "the path of a lockspace must be absolute");
    const auto exists = [&] {
        if (spaces_.contains(path))
            throw Error(ErrorCode::internal_error, ErrorDomain::rpc,
                        fmt::format("Lockspace for path {} already exists", path));
    };
    exists();
    co_await in_pool([path] { make_lockspace(path); });
    exists();
    spaces_.emplace(path, Lockspace());
}

/// Asked for by a daemon on behalf of nobody yet.
Task<> Locks::create_lockspace(rpc::Caller caller, wire::CreateLockspaceArgs args) {
    if (clients_.contains(caller.session->id())) owner(caller);
    return add_space(std::move(args.path));
}

Task<> Locks::new_lockspace(rpc::Caller caller, wire::NewArgs args) {
    only_flags(caller, args.flags, 0);
    owner(caller);
    return add_space(std::move(args.path));
}

Task<> Locks::create_resource(rpc::Caller caller, wire::CreateResourceArgs args) {
    only_flags(caller, args.flags, 0);
    owner(caller);
    find_space(args.path);
    const auto path = path_of(args.path, args.name);
    const auto held = co_await turn(path);
    if (find_space(args.path).contains(args.name)) throw is_locked(args.name);
    co_await in_pool([path, name = args.name] { create_file(path, name); });
}

Task<> Locks::delete_resource(rpc::Caller caller, wire::DeleteResourceArgs args) {
    only_flags(caller, args.flags, 0);
    owner(caller);
    find_space(args.path);
    const auto path = path_of(args.path, args.name);
    const auto held = co_await turn(path);
    if (find_space(args.path).contains(args.name)) throw is_locked(args.name);
    co_await in_pool([path, name = args.name] { delete_file(path, name); });
}

Task<> Locks::acquire(rpc::Caller caller, wire::AcquireResourceArgs args) {
    only_flags(caller, args.flags, 3);
    const pid_t pid = owner(caller).pid;
    const auto manner = Manner::of(args.flags);
    find_space(args.path);
    const auto path = path_of(args.path, args.name);
    const auto held = co_await turn(path);
    auto& resources = find_space(args.path);
    if (const auto at = resources.find(args.name); at != resources.end()) {
        if (!manner.shared || !at->second.manner.shared) throw is_locked(args.name);
        at->second.owners.push_back(pid);
        co_return;
    }
    Fd file = co_await in_pool([path, name = args.name, manner] { return lock_file(path, name, manner); });
    find_space(args.path).emplace(args.name,
                                  Resource{.path = path, .file = std::move(file), .manner = manner, .owners = {pid}});
    changed();
}

Task<> Locks::release(rpc::Caller caller, wire::ReleaseResourceArgs args) {
    only_flags(caller, args.flags, 0);
    const pid_t pid = owner(caller).pid;
    find_space(args.path);
    return let_go(std::move(args.path), std::move(args.name), pid);
}

Task<> Locks::let_go(std::string space, std::string name, pid_t owner) {
    const auto held = co_await turn(path_of(space, name));
    auto& resources = find_space(space);
    const auto at = resources.find(name);
    if (at == resources.end())
        throw Error(ErrorCode::resource_busy, ErrorDomain::lockspace,
                    fmt::format("Lockspace resource '{}' is not locked", name));
    auto& owners = at->second.owners;
    const auto mine = std::ranges::find(owners, owner);
    if (mine == owners.end())
        throw Error(ErrorCode::internal_error, ErrorDomain::lockspace,
                    fmt::format("owner {} does not hold the resource lock", owner));
    owners.erase(mine);
    if (!owners.empty()) co_return;
    auto entry = std::move(resources.extract(at).mapped());
    changed();
    co_await in_pool([&entry] { unlock_file(std::move(entry.file), entry.path, entry.manner); });
}

// From one program to the next

Task<std::shared_ptr<void>> Locks::hold() {
    // Only what follows from the end of owners goes on without a client.
    co_await tasks_.idle();
    co_return nullptr;
}

objects::Service::Legacy Locks::legacy() const {
    Legacy legacy;
    json::array others;
    json::object root;
    for (const auto& [folder, space] : spaces_) {
        json::array resources;
        for (const auto& [name, resource] : space) {
            legacy.descriptors.push_back(resource.file.get());
            resources.push_back(json::object{{"name", name},
                                             {"path", resource.path},
                                             {"fd", resource.file.get()},
                                             {"lockHeld", true},
                                             {"flags", resource.manner.flags()},
                                             {"owners", json::array(resource.owners.begin(), resource.owners.end())}});
        }
        if (folder.empty())
            root["defaultLockspace"] = json::object{{"resources", std::move(resources)}};
        else
            others.push_back(json::object{{"directory", folder}, {"resources", std::move(resources)}});
    }
    root["lockspaces"] = std::move(others);
    legacy.json = json::serialize(root);
    return legacy;
}

std::string Locks::legacy_of(std::uint64_t id) const {
    const auto at = clients_.find(id);
    const Client client = at != clients_.end() ? Client{.uuid = at->second.uuid,
                                                        .name = at->second.name,
                                                        .id = at->second.id,
                                                        .pid = at->second.pid,
                                                        .restricted = at->second.restricted,
                                                        .process = std::nullopt}
                                               : Client{};
    return json::serialize(json::object{{"restricted", client.restricted},
                                        {"ownerPid", client.pid},
                                        {"ownerId", client.id},
                                        {"ownerName", client.name},
                                        {"ownerUUID", client.uuid.text()}});
}

void Locks::inherit(std::string_view text) {
    const json::value root = json::parse(text);
    const auto read = [this](std::string folder, const json::value& from) {
        auto& space = spaces_[std::move(folder)];
        for (const auto& value : from.at("resources").as_array()) {
            const auto& words = value.as_object();
            if (!words.at("lockHeld").as_bool()) continue;
            Resource resource;
            resource.path = words.at("path").as_string();
            resource.file = Fd(words.at("fd").to_number<int>());
            ::fcntl(resource.file.get(), F_SETFD, FD_CLOEXEC);
            resource.manner = Manner::of(words.at("flags").to_number<std::uint32_t>());
            for (const auto& owner : words.at("owners").as_array()) resource.owners.push_back(owner.to_number<pid_t>());
            space.insert_or_assign(std::string(words.at("name").as_string()), std::move(resource));
        }
    };
    read("", root.at("defaultLockspace"));
    for (const auto& space : root.at("lockspaces").as_array())
        read(std::string(space.at("directory").as_string()), space);
}

void Locks::inherit_client(const std::shared_ptr<rpc::ClientSession>& session, std::string_view text) {
    const json::value root = json::parse(text);
    Client client{.uuid = Uuid::parse(root.at("ownerUUID").as_string()).value_or(Uuid()),
                  .name = std::string(root.at("ownerName").as_string()),
                  .id = root.at("ownerId").to_number<std::uint32_t>(),
                  .pid = root.at("ownerPid").to_number<pid_t>(),
                  .restricted = root.at("restricted").as_bool(),
                  .process = std::nullopt};
    if (client.pid == 0) return;
    if (session->identity().pid == client.pid) client.process = Process::adopt(client.pid);
    clients_.emplace(session->id(), std::move(client));
    watch(session);
}

/// Clients go because we do, and owners keep running: whoever comes next is asked for locks again.
void Locks::end() { clients_.clear(); }

Task<> Locks::close() { co_await tasks_.close(); }

}  // namespace innkeeper::lockd
