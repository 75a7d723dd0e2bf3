#pragma once

#include "drivers/qemu/complete/pci_map.h"
#include "model/domain/domain.h"

/// Which PCI slot each kind of device needs.
namespace innkeeper::qemu {

/// What a machine has for the two kinds of endpoints: without a PCI Express root all are conventional.
class PciNeeds {
  public:
    explicit PciNeeds(bool express_root) : express_root_(express_root) {}

    PciNeed of(const model::Controller&) const;
    PciNeed of(const model::Interface&) const;
    PciNeed of(const model::Sound&) const;
    PciNeed of(const model::Disk&) const;
    PciNeed of(const model::Memballoon&) const;
    PciNeed of(const model::Rng&) const;
    PciNeed of(const model::Watchdog&) const;
    PciNeed of(const model::Video&) const;
    PciNeed of(const model::Input&) const;
    PciNeed of(const model::Serial&) const;
    PciNeed of(const model::Vsock&) const;
    PciNeed of(const model::Iommu&) const;
    PciNeed of(const model::Filesystem&) const;
    PciNeed of(const model::Hostdev&) const;
    PciNeed of(const model::Shmem&) const;
    PciNeed of(const model::MemoryDevice&) const;
    PciNeed of(const model::Crypto&) const;

    PciNeed nowhere() const { return {.plug = 0, .nowhere = true}; }
    PciNeed conventional() const { return {PciPlug::conventional}; }
    PciNeed express() const { return {express_root_ ? PciPlug::express : PciPlug::conventional}; }

  private:
    template <class Model>
    PciNeed virtio(std::optional<Model> model) const {
        return model == Model::virtio_transitional ? conventional() : express();
    }
    bool express_root_;
};

/// The bus that a PCI controller makes; nothing for other controllers.
std::optional<PciBus> bus_of(const model::Controller& controller);

}  // namespace innkeeper::qemu
