#include "app/secondary.h"

#include <exception>

#include "app/siblings.h"
#include "base/log.h"
#include "drivers/interface/host_interfaces.h"
#include "drivers/network/host.h"
#include "drivers/network/networks.h"
#include "drivers/nodedev/host_devices.h"
#include "drivers/nodedev/pci_assignment.h"
#include "drivers/nwfilter/filters.h"
#include "drivers/secret/secrets.h"
#include "drivers/storage/host.h"
#include "drivers/storage/pools.h"
#include "objects/file_store.h"

namespace innkeeper::app {

namespace {

/// A driver with its table, which the server keeps a pointer to.
template <class Driver>
struct WithTable {
    template <class... Arguments>
    explicit WithTable(const Arguments&... arguments) : driver(arguments...), table(driver.handlers()) {}
    Driver driver;
    rpc::HandlerTable table;
};

/// What cannot be read again leaves its driver as it was, and the others are looked at all the same.
Task<> keep_or_take(std::string what, Task<> reload) {
    try {
        co_await std::move(reload);
    } catch (const Cancelled&) {
        throw;
    } catch (const std::exception& error) {
        log::error("{} stay as they were: {}", what, error.what());
    }
}

}  // namespace

struct SecondaryDrivers::Parts {
    Parts(const Program& program, const Paths& paths) {
        if (program.has(Part::secret))
            secrets.emplace(paths);
        else
            remote_values = remote_secrets(paths);
        if (program.has(Part::network))
            networks.emplace(
                std::make_unique<objects::FileStore>(paths.config() + "/qemu/networks", "network", "net-edit"),
                std::make_unique<network::HostBackend>());
        if (program.has(Part::nwfilter)) filters.emplace(paths);
        if (program.has(Part::storage))
            pools.emplace(std::make_unique<objects::FileStore>(paths.config() + "/storage", "pool", "pool-edit"),
                          std::make_unique<storage::HostBackend>(values()), paths.state_of("storage"));
        if (program.has(Part::interface)) interfaces.emplace();
        if (!networks) remote_networks = app::remote_networks(paths);
        if (!pools) remote_volumes = app::remote_volumes(paths);
    }
    objects::SecretValues& values() { return secrets ? secrets->driver : *remote_values; }

    std::optional<WithTable<secret::Secrets>> secrets;
    std::unique_ptr<objects::SecretValues> remote_values;
    std::unique_ptr<objects::Volumes> remote_volumes;
    std::unique_ptr<objects::NetworkAddresses> remote_networks;
    std::optional<network::Networks> networks;
    std::optional<WithTable<nwfilter::Filters>> filters;
    std::optional<storage::Pools> pools;
    std::optional<WithTable<host_interface::HostInterfaces>> interfaces;
    /// A hypervisor gives the host's devices to guests, whoever else lists them.
    WithTable<nodedev::HostDevices> devices;
    nodedev::PciAssignment pci_assignment{devices.driver};
};

SecondaryDrivers::SecondaryDrivers(const Program& program, const Paths& paths)
    : program_(program), parts_(std::make_unique<Parts>(program, paths)) {}
SecondaryDrivers::~SecondaryDrivers() = default;

Task<> SecondaryDrivers::start(DriverChoice* choice) {
    if (parts_->secrets) co_await parts_->secrets->driver.start();
    if (parts_->filters) co_await parts_->filters->driver.start();
    if (parts_->networks) co_await parts_->networks->start();
    if (parts_->pools) co_await parts_->pools->start();
    if (parts_->networks) choice->add_secondary({"network", ErrorDomain::network, &parts_->networks->handlers()});
    if (parts_->pools) choice->add_secondary({"storage", ErrorDomain::storage, &parts_->pools->handlers()});
    if (parts_->secrets) choice->add_secondary({"secret", ErrorDomain::secret, &parts_->secrets->table});
    if (parts_->filters) choice->add_secondary({"nwfilter", ErrorDomain::nwfilter, &parts_->filters->table});
    if (program_.has(Part::nodedev)) choice->add_secondary({"nodedev", ErrorDomain::nodedev, &parts_->devices.table});
    if (parts_->interfaces) choice->add_secondary({"interface", ErrorDomain::interface, &parts_->interfaces->table});
}

bool SecondaryDrivers::is_needed() const { return parts_->secrets && parts_->secrets->driver.has_ephemeral(); }

objects::SecretValues& SecondaryDrivers::secrets() { return parts_->values(); }
objects::Volumes& SecondaryDrivers::volumes() {
    return parts_->pools ? static_cast<objects::Volumes&>(*parts_->pools) : *parts_->remote_volumes;
}
objects::NetworkAddresses& SecondaryDrivers::networks() {
    return parts_->networks ? static_cast<objects::NetworkAddresses&>(*parts_->networks) : *parts_->remote_networks;
}
const rpc::HandlerTable& SecondaryDrivers::pci_assignment() const { return parts_->pci_assignment.handlers(); }

Task<> SecondaryDrivers::reload() {
    if (parts_->secrets) co_await keep_or_take("secrets", parts_->secrets->driver.reload());
    if (parts_->filters) co_await keep_or_take("network filters", parts_->filters->driver.reload());
    if (parts_->networks) co_await keep_or_take("networks", parts_->networks->reload());
    if (parts_->pools) co_await keep_or_take("storage pools", parts_->pools->reload());
}

Task<> SecondaryDrivers::stop() {
    co_await parts_->devices.driver.stop();
    if (parts_->pools) co_await parts_->pools->stop();
}

}  // namespace innkeeper::app
