#include "app/siblings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/files.h"
#include "drivers/network/addresses.h"
#include "loop/group.h"
#include "model/network/network.h"
#include "model/storage/pool.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/network.h"
#include "protocol/remote/secret.h"
#include "protocol/remote/storage.h"
#include "rpc/client/client.h"
#include "rpc/codec/typed_params.h"
#include "rpc/server/relay.h"
#include "xml/node.h"

namespace innkeeper::app {

namespace {

namespace wire = protocol::remote;

/// A procedure belongs to the driver whose objects it is named after; those of guests are named first.
bool names(const protocol::Procedure& row, std::string_view object) {
    return row.program == wire::program_number && !row.name.starts_with("domain_") &&
           row.name.find(object) != std::string_view::npos;
}

constexpr std::array table{
    Sibling{"qemu", "virtqemud", true},
    Sibling{"lxc", "virtlxcd", true},
    Sibling{"xen", "virtxend", true},
    Sibling{"network", "virtnetworkd", false, [](const auto& row) { return names(row, "network"); }},
    Sibling{"storage", "virtstoraged", false, [](const auto& row) { return names(row, "storage_"); }},
    Sibling{"secret", "virtsecretd", false, [](const auto& row) { return names(row, "secret"); }},
    Sibling{"nwfilter", "virtnwfilterd", false, [](const auto& row) { return names(row, "nwfilter"); }},
    // What gives a device to a guest is the hypervisor's, which comes before this.
    Sibling{"nodedev", "virtnodedevd", false,
            [](const auto& row) {
                return names(row, "node_device") || names(row, "node_list_devices") ||
                       names(row, "node_num_of_devices");
            }},
    Sibling{"interface", "virtinterfaced", false, [](const auto& row) { return names(row, "interface"); }},
};

std::string system_uri(const Paths& paths, std::string_view scheme) {
    return fmt::format("{}:///{}", scheme, paths.is_system() ? "system" : "session");
}

const Sibling& sibling(std::string_view scheme) {
    for (const auto& each : table)
        if (each.scheme == scheme) return each;
    throw Error(ErrorCode::internal_error, fmt::format("no daemon has the driver '{}'", scheme));
}

/// A sibling that we ask for ourselves: it lets us see what clients may not.
class Asking {
  public:
    Asking(std::string_view scheme, const Paths& paths)
        : paths_(paths), upstream_(upstream(sibling(scheme), paths, system_uri(paths, scheme), false)) {}

    Task<std::shared_ptr<rpc::Client>> open() const {
        rpc::TypedParams who;
        rpc::add_string(who, rpc::system_token_param, system_token(paths_));
        return rpc::open_upstream(upstream_, std::move(who), false);
    }
    /// A question as a whole has a deadline too.
    template <class T>
    Task<T> within(Task<T> question) const {
        return innkeeper::within(patience, fmt::format("an answer of {}", upstream_->program), std::move(question));
    }

  private:
    static constexpr std::chrono::seconds patience{60};
    Paths paths_;
    std::shared_ptr<const rpc::Upstream> upstream_;
};

class RemoteSecrets final : public objects::SecretValues {
  public:
    explicit RemoteSecrets(const Paths& paths) : sibling_("secret", paths) {}

    Task<std::vector<std::uint8_t>> value(Wanted wanted) override { return sibling_.within(ask(std::move(wanted))); }

  private:
    Task<std::vector<std::uint8_t>> ask(Wanted wanted) {
        const auto client = co_await sibling_.open();
        wire::Secret secret;
        if (wanted.uuid)
            secret = (co_await client->call<wire::SecretLookupByUuid>({.uuid = *wanted.uuid})).secret;
        else
            secret = (co_await client->call<wire::SecretLookupByUsage>(
                          {.usageType = wanted.usage, .usageID = wanted.usage_id}))
                         .secret;
        auto found = co_await client->call<wire::SecretGetValue>({.secret = secret});
        client->hang_up();
        co_return std::move(found.value);
    }

    Asking sibling_;
};

class RemoteVolumes final : public objects::Volumes {
  public:
    explicit RemoteVolumes(const Paths& paths) : sibling_("storage", paths) {}

    Task<Place> place(std::string pool, std::string volume) override {
        return sibling_.within(ask(std::move(pool), std::move(volume)));
    }

  private:
    Task<Place> ask(std::string pool, std::string volume) {
        const auto client = co_await sibling_.open();
        const auto found = co_await client->call<wire::StoragePoolLookupByName>({.name = pool});
        if ((co_await client->call<wire::StoragePoolIsActive>({.pool = found.pool})).active == 0)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        fmt::format("storage pool '{}' containing volume '{}' is not active", pool, volume));
        const auto vol = co_await client->call<wire::StorageVolLookupByName>({.pool = found.pool, .name = volume});
        const auto info = co_await client->call<wire::StorageVolGetInfo>({.vol = vol.vol});
        const auto xml = co_await client->call<wire::StoragePoolGetXmlDesc>({.pool = found.pool});
        Place place;
        place.kind = kind_of(info.type);
        place.path = (co_await client->call<wire::StorageVolGetPath>({.vol = vol.vol})).name;
        place.pool_type =
            xml::name(model::pool.read(xml::Document::parse(xml.xml, "(storage_pool)").root("pool")).type);
        client->hang_up();
        co_return place;
    }

    /// Numbered as virStorageVolType.
    static Place::Kind kind_of(int type) {
        switch (type) {
            case 1:
                return Place::Kind::block;
            case 2:
            case 4:
            case 5:
                return Place::Kind::folder;
            case 3:
                return Place::Kind::network;
            default:
                return Place::Kind::file;
        }
    }

    Asking sibling_;
};

class RemoteNetworks final : public objects::NetworkAddresses {
  public:
    explicit RemoteNetworks(const Paths& paths) : sibling_("network", paths) {}

    Task<std::string> address(std::string network) override { return sibling_.within(ask(std::move(network))); }

  private:
    Task<std::string> ask(std::string network) {
        const auto client = co_await sibling_.open();
        const auto found = co_await client->call<wire::NetworkLookupByName>({.name = std::move(network)});
        const auto xml = co_await client->call<wire::NetworkGetXmlDesc>({.net = found.net});
        client->hang_up();
        co_return network::host_address(
            model::network.read(xml::Document::parse(xml.xml, "(network_definition)").root("network")));
    }

    Asking sibling_;
};

}  // namespace

std::span<const Sibling> siblings() { return table; }

std::string system_token(const Paths& paths) {
    const std::string folder = paths.state() + "/common", path = folder + "/system.token";
    make_directories(folder);
    // Whichever daemon links its file first has made it; a file that is there is whole.
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (const auto text = read_file(path, 64); text && text->size() == 32) return *text;
        std::array<unsigned char, 16> bytes{};
        if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
            throw Error::system(errno, "cannot get random bytes");
        std::string token;
        for (const auto byte : bytes) token += fmt::format("{:02x}", byte);
        const std::string own = fmt::format("{}.{}", path, ::getpid());
        write_file(own, token, 0600);
        const int linked = ::link(own.c_str(), path.c_str());
        const int reason = errno;
        ::unlink(own.c_str());
        if (linked == 0) return token;
        if (reason != EEXIST) throw Error::system(reason, fmt::format("cannot make '{}'", path));
        // Something else lies there.
        if (attempt == 0 && read_file(path, 64).value_or("").size() != 32) ::unlink(path.c_str());
    }
    throw Error(ErrorCode::operation_failed, fmt::format("'{}' changes all the time", path));
}

std::shared_ptr<const rpc::Upstream> upstream(const Sibling& sibling, const Paths& paths, std::string uri, bool whole) {
    return std::make_shared<rpc::Upstream>(
        rpc::Upstream{.program = std::string(sibling.program),
                      .socket = fmt::format("{}/{}-sock", paths.state(), sibling.program),
                      .uri = std::move(uri),
                      .serves = whole ? [](const protocol::Procedure&) { return true; } : sibling.serves});
}

std::unique_ptr<objects::SecretValues> remote_secrets(const Paths& paths) {
    return std::make_unique<RemoteSecrets>(paths);
}

std::unique_ptr<objects::Volumes> remote_volumes(const Paths& paths) { return std::make_unique<RemoteVolumes>(paths); }
std::unique_ptr<objects::NetworkAddresses> remote_networks(const Paths& paths) {
    return std::make_unique<RemoteNetworks>(paths);
}

}  // namespace innkeeper::app
