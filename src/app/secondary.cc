#include "app/secondary.h"

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

}  // namespace

struct SecondaryDrivers::Parts {
    explicit Parts(const Paths& paths)
        : networks(std::make_unique<objects::FileStore>(paths.config() + "/qemu/networks", "network", "net-edit"),
                   std::make_unique<network::HostBackend>()),
          secrets(paths),
          filters(paths),
          pools(std::make_unique<objects::FileStore>(paths.config() + "/storage", "pool", "pool-edit"),
                std::make_unique<storage::HostBackend>(secrets.driver), paths.state() + "/storage") {}
    network::Networks networks;
    WithTable<secret::Secrets> secrets;
    WithTable<nwfilter::Filters> filters;
    storage::Pools pools;
    WithTable<nodedev::HostDevices> devices;
    nodedev::PciAssignment pci_assignment{devices.driver};
    WithTable<host_interface::HostInterfaces> interfaces;
};

SecondaryDrivers::SecondaryDrivers(const Paths& paths) : parts_(std::make_unique<Parts>(paths)) {}
SecondaryDrivers::~SecondaryDrivers() = default;

Task<> SecondaryDrivers::start(DriverChoice* choice) {
    co_await parts_->secrets.driver.start();
    co_await parts_->filters.driver.start();
    co_await parts_->networks.start();
    co_await parts_->pools.start();
    choice->add_secondary({"network", ErrorDomain::network, &parts_->networks.handlers()});
    choice->add_secondary({"storage", ErrorDomain::storage, &parts_->pools.handlers()});
    choice->add_secondary({"secret", ErrorDomain::secret, &parts_->secrets.table});
    choice->add_secondary({"nwfilter", ErrorDomain::nwfilter, &parts_->filters.table});
    choice->add_secondary({"nodedev", ErrorDomain::nodedev, &parts_->devices.table});
    choice->add_secondary({"interface", ErrorDomain::interface, &parts_->interfaces.table});
}

objects::SecretValues& SecondaryDrivers::secrets() { return parts_->secrets.driver; }
const rpc::HandlerTable& SecondaryDrivers::pci_assignment() const { return parts_->pci_assignment.handlers(); }

Task<> SecondaryDrivers::reload() {
    co_await parts_->secrets.driver.reload();
    co_await parts_->filters.driver.reload();
    co_await parts_->networks.reload();
    co_await parts_->pools.reload();
}

Task<> SecondaryDrivers::stop() {
    co_await parts_->devices.driver.stop();
    co_await parts_->pools.stop();
}

}  // namespace innkeeper::app
