#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// Small devices through which host and guest help each other: watchdog, balloon, entropy, panic, sockets, IOMMU.
namespace innkeeper::qemu {

using model::Iommu;
using model::Memballoon;
using model::Panic;
using model::Rng;
using model::Watchdog;

void add_watchdogs(Builder& b) {
    for (const Watchdog& watchdog : b.devices.watchdogs) {
        switch (watchdog.model) {
            case Watchdog::Model::i6300esb:
            case Watchdog::Model::ib700:
            case Watchdog::Model::diag288:
                b.device(Props(xml::name(watchdog.model)).add("id", watchdog.info.alias), watchdog.info);
                break;
            case Watchdog::Model::itco:
                b.option("-global", "ICH9-LPC.noreboot=off");
                break;
        }
    }
    if (b.devices.watchdogs.empty()) return;
    // QEMU has one action for all of them. A dump is made by the daemon while the guest is paused.
    const Watchdog::Action action = b.devices.watchdogs.front().action;
    b.option("-watchdog-action", action == Watchdog::Action::dump ? "pause" : xml::name(action));
}

void add_memballoon(Builder& b) {
    if (!b.devices.memballoon || b.devices.memballoon->model == Memballoon::Model::none) return;
    const Memballoon& balloon = *b.devices.memballoon;
    if (balloon.model == Memballoon::Model::xen) unsupported("Memory balloon device type 'xen' is not supported");
    Props props(b.virtio_device("virtio-balloon", xml::name(balloon.model), balloon.info));
    b.add_virtio(props, balloon.virtio);
    props.add("id", balloon.info.alias).add("deflate-on-oom", balloon.autodeflate);
    props.add("free-page-reporting", balloon.free_page_reporting);
    b.device(props, balloon.info);
}

namespace {

void add_entropy_source(Builder& b, const Rng& rng, const std::string& id) {
    switch (rng.backend) {
        case Rng::Backend::random:
            return b.object(Props("rng-random", "qom-type").add("id", id).add("filename", rng.device));
        case Rng::Backend::egd:
            add_chardev(b, rng.source, rng.info.alias);
            return b.object(Props("rng-egd", "qom-type").add("id", id).add("chardev", "char" + rng.info.alias));
        case Rng::Backend::builtin:
            return b.object(Props("rng-builtin", "qom-type").add("id", id));
    }
}

constexpr unsigned default_rng_period = 1000;

}  // namespace

void add_rngs(Builder& b) {
    for (const Rng& rng : b.devices.rngs) {
        const std::string source = "obj" + rng.info.alias;
        add_entropy_source(b, rng, source);
        Props props(b.virtio_device("virtio-rng", xml::name(rng.model), rng.info));
        b.add_virtio(props, rng.virtio);
        props.add("rng", source).add("id", rng.info.alias);
        if (rng.rate_bytes && *rng.rate_bytes)
            props.add("max-bytes", *rng.rate_bytes).add("period", rng.rate_period.value_or(default_rng_period));
        b.device(props, rng.info);
    }
}

void add_panics(Builder& b) {
    for (const Panic& panic : b.devices.panics) {
        switch (panic.model.value_or(Panic::Model::isa)) {
            case Panic::Model::isa: {
                Props props("pvpanic");
                if (const auto* at = panic.info.at<model::IsaAddress>(); at && at->iobase)
                    props.add("ioport", at->iobase);
                b.device(props);
                break;
            }
            case Panic::Model::hyperv:   // a feature of the processor
            case Panic::Model::pseries:  // part of the firmware
            case Panic::Model::s390:
                break;
            case Panic::Model::pvpanic:
                b.device(Props("pvpanic-pci"), panic.info);
                break;
        }
    }
}

void add_cryptos(Builder& b) {
    for (const model::Crypto& crypto : b.devices.cryptos) {
        const std::string id = "obj" + crypto.info.alias;
        Props backend(fmt::format("cryptodev-backend-{}", xml::name(*crypto.backend)), "qom-type");
        b.object(backend.add("id", id).add("queues", crypto.queues));
        Props props(b.virtio_device("virtio-crypto", "virtio", crypto.info));
        b.add_virtio(props, crypto.virtio);
        b.device(props.add("cryptodev", id).add("id", crypto.info.alias), crypto.info);
    }
}

/// It is part of the machine: only its place can be told.
void add_nvram(Builder& b) {
    if (!b.devices.nvram) return;
    if (const auto* at = b.devices.nvram->info.at<model::SpaprVioAddress>(); at && at->reg)
        b.option("-global", fmt::format("spapr-nvram.reg={:#x}", *at->reg));
}

void add_vsock(Builder& b) {
    if (!b.devices.vsock) return;
    const model::Vsock& vsock = *b.devices.vsock;
    const int number =
        b.is_native() ? -1
                      : b.pass({.kind = PassedFd::Kind::vsock, .alias = vsock.info.alias, .path = "/dev/vhost-vsock"});
    Props props(b.virtio_device("vhost-vsock", vsock.model ? xml::name(*vsock.model) : "", vsock.info));
    b.add_virtio(props, vsock.virtio);
    props.add("id", vsock.info.alias).add("guest-cid", vsock.cid.value_or(0)).add("vhostfd", std::to_string(number));
    b.device(props, vsock.info);
}

void add_iommu(Builder& b) {
    if (!b.devices.iommu) return;
    const Iommu& iommu = *b.devices.iommu;
    switch (iommu.model) {
        case Iommu::Model::intel: {
            if (!b.is_q35()) unsupported("IOMMU device: 'intel' is only supported with Q35 machines");
            Props props("intel-iommu");
            props.add("id", iommu.info.alias.empty() ? "iommu0" : iommu.info.alias);
            // What may also be left to QEMU's choice is a word, the rest a truth value.
            props.add_on_off("intremap", iommu.intremap).add("caching-mode", iommu.caching_mode);
            props.add_on_off("eim", iommu.eim).add("device-iotlb", iommu.iotlb);
            props.add("aw-bits", iommu.aw_bits);
            return b.device(props);
        }
        case Iommu::Model::virtio:
            return b.device(Props("virtio-iommu").add("id", iommu.info.alias), iommu.info);
        case Iommu::Model::smmuv3:
            return;  // a switch of the machine
    }
}

}  // namespace innkeeper::qemu
