#pragma once

#include <memory>

#include "app/drivers.h"
#include "app/program.h"
#include "base/paths.h"
#include "loop/task.h"
#include "objects/network_addresses.h"
#include "objects/secret_values.h"
#include "objects/volumes.h"

namespace innkeeper::app {

/// The drivers of what guests use: networks, storage, secrets, packet filters, and the host's own devices. Those that
/// the program has not are the siblings'.
class SecondaryDrivers {
  public:
    SecondaryDrivers(const Program& program, const Paths& paths);
    ~SecondaryDrivers();

    /// Reads what is on disk, and starts what starts by itself. Their procedures are in `choice` from then on.
    Task<> start(DriverChoice* choice);
    /// Takes up definitions that appeared or changed on disk.
    Task<> reload();
    /// Ends what still runs for clients that have gone.
    Task<> stop();

    /// Something of them would be lost with this daemon.
    bool is_needed() const;

    /// For the drivers of guests; lasts as long as this object.
    objects::SecretValues& secrets();
    objects::Volumes& volumes();
    objects::NetworkAddresses& networks();
    /// What a hypervisor whose guests can have the host's PCI devices answers about them.
    const rpc::HandlerTable& pci_assignment() const;

  private:
    struct Parts;
    const Program& program_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace innkeeper::app
