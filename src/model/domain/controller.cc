#include "model/domain/controller.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Type = Controller::Type;
using Target = Controller::PciTarget;

const auto pci_target_element = xml::describe<Target>(
    "target",  //
    xml::attribute("chassisNr", &Target::chassis_nr).at_least(1).at_most(255),
    xml::attribute("chassis", &Target::chassis).at_most(255), xml::attribute("port", &Target::port).hex(1).at_most(255),
    xml::attribute("busNr", &Target::bus_nr).at_least(1).at_most(254), xml::attribute("index", &Target::index),
    xml::attribute("hotplug", &Target::hotplug, xml::on_off), xml::value("node", &Target::numa_node));

bool is_pci(const Controller& controller) { return controller.type == Type::pci; }

/// The models that a type has are a range of the enumeration.
bool model_fits(const Controller& controller) {
    using M = Controller::Model;
    const auto within = [model = *controller.model](M first, M last) { return model >= first && model <= last; };
    switch (controller.type) {
        case Type::pci:
            return within(M::pci_root, M::pcie_expander_bus);
        case Type::scsi:
            return within(M::auto_, M::am53c974);
        case Type::usb:
            return within(M::piix3_uhci, M::none);
        case Type::ide:
            return within(M::piix3, M::ich6);
        case Type::virtio_serial:
            return within(M::virtio, M::virtio) || within(M::virtio_transitional, M::virtio_non_transitional);
        default:
            return false;
    }
}

void check_controller(Controller& controller) {
    if (controller.model && !model_fits(controller))
        throw Error(ErrorCode::internal_error, fmt::format("Unknown model type '{}'", xml::name(*controller.model)));
    if (!is_pci(controller)) return;
    const bool is_root =
        controller.model == Controller::Model::pci_root || controller.model == Controller::Model::pcie_root;
    if (is_root && controller.info.has_address())
        throw Error(ErrorCode::config_unsupported, "pci-root and pcie-root controllers should not have an address");
}

}  // namespace

const xml::Element<Controller> controller_element =
    xml::describe<Controller>(
        "controller",  //
        xml::attribute("type", &Controller::type), xml::attribute("index", &Controller::index),
        xml::attribute("model", &Controller::model).complain(ErrorCode::config_unsupported, "Unknown model type '{}'"),
        xml::attribute("ports", &Controller::ports), xml::attribute("vectors", &Controller::vectors),
        xml::attribute("maxGrantFrames", &Controller::max_grant_frames),
        xml::attribute("maxEventChannels", &Controller::max_event_channels),
        xml::when(is_pci, xml::child("model", xml::attribute("name", &Controller::pci_model_name)),
                  xml::child("target", &Controller::target, pci_target_element)),
        xml::child("driver", xml::attribute("queues", &Controller::queues),
                   xml::attribute("cmd_per_lun", &Controller::cmd_per_lun),
                   xml::attribute("max_sectors", &Controller::max_sectors),
                   xml::attribute("ioeventfd", &Controller::ioeventfd, xml::on_off),
                   xml::attribute("iothread", &Controller::iothread),
                   xml::embed(&Controller::virtio, virtio_options_element)),
        xml::embed(&Controller::info, device_info_element),
        xml::when(is_pci, xml::amount("pcihole64", &Controller::pcihole64_kib)))
        .finished_by(check_controller);

}  // namespace innkeeper::model
