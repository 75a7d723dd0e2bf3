#include "model/nodedev/device.h"

#include <fmt/format.h>

#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model::nodedev {

namespace {

const auto drm = xml::describe<Drm>(
    "capability", xml::value("type", &Drm::type)
                      .required(ErrorCode::config_unsupported, "unknown drm type '(null)' for 'new device'")
                      .complain(ErrorCode::config_unsupported, "unknown drm type '{}' for 'new device'"));
const auto vdpa = xml::describe<Vdpa>("capability", xml::value("chardev", &Vdpa::path));

const auto capability = xml::describe<Capability>(
    "capability",
    xml::one_of("type", &Capability::kind, xml::alternative("system", system), xml::alternative("pci", pci),
                xml::alternative("usb_device", usb_device), xml::alternative("usb", usb_interface),
                xml::alternative("net", net), xml::alternative("scsi_host", scsi_host),
                xml::alternative("scsi_target", scsi_target), xml::alternative("scsi", scsi),
                xml::alternative("storage", storage), xml::alternative("scsi_generic", scsi_generic),
                xml::alternative("drm", drm), xml::alternative("mdev", mdev), xml::alternative("ccw", ccw),
                xml::alternative("css", css), xml::alternative("vdpa", vdpa), xml::alternative("ap_card", ap_card),
                xml::alternative("ap_queue", ap_queue), xml::alternative("ap_matrix", ap_matrix))
        .required());

const auto dev_node =
    xml::describe<DevNode>("devnode", xml::attribute("type", &DevNode::type).required(), xml::text(&DevNode::path));

void check_parent(Parent& parent) {
    if (parent.wwnn.empty() != parent.wwpn.empty())
        throw Error(ErrorCode::xml_error,
                    parent.wwpn.empty()
                        ? fmt::format("when providing parent wwnn='{}', the wwpn must also be provided", parent.wwnn)
                        : fmt::format("when providing parent wwpn='{}', the wwnn must also be provided", parent.wwpn));
}
const auto parent =
    xml::describe<Parent>("parent", xml::attribute("wwnn", &Parent::wwnn), xml::attribute("wwpn", &Parent::wwpn),
                          xml::attribute("fabric_wwn", &Parent::fabric_wwn), xml::text(&Parent::name))
        .finished_by(check_parent);

void check(Device& device) {
    if (device.capabilities.empty()) throw Error(ErrorCode::internal_error, "no device capabilities for 'new device'");
}

struct AbilitiesOf {
    std::vector<Ability>& all;

    void within(const MdevTypes&) { all.push_back(Ability::mdev_types); }
    void within(const Vpd&) { all.push_back(Ability::vpd); }
    void within(const auto&) {}
    void within_each(const auto& capabilities) {
        for (const auto& each : capabilities) std::visit([this](const auto& kind) { this->within(kind); }, each.kind);
    }
    void operator()(const Pci& pci) { all.push_back(Ability::pci), within_each(pci.capabilities); }
    void operator()(const Css& css) { all.push_back(Ability::css), within_each(css.capabilities); }
    void operator()(const ApMatrix& matrix) { all.push_back(Ability::ap_matrix), within_each(matrix.capabilities); }
    void operator()(const ScsiHost& host) {
        all.push_back(Ability::scsi_host);
        if (host.fc_host()) all.push_back(Ability::fc_host);
        if (host.vports()) all.push_back(Ability::vports);
    }
    void operator()(const System&) { all.push_back(Ability::system); }
    void operator()(const UsbDevice&) { all.push_back(Ability::usb_device); }
    void operator()(const UsbInterface&) { all.push_back(Ability::usb); }
    void operator()(const Net&) { all.push_back(Ability::net); }
    void operator()(const ScsiTarget&) { all.push_back(Ability::scsi_target); }
    void operator()(const Scsi&) { all.push_back(Ability::scsi); }
    void operator()(const Storage&) { all.push_back(Ability::storage); }
    void operator()(const ScsiGeneric&) { all.push_back(Ability::scsi_generic); }
    void operator()(const Drm&) { all.push_back(Ability::drm); }
    void operator()(const Mdev&) { all.push_back(Ability::mdev); }
    void operator()(const Ccw&) { all.push_back(Ability::ccw); }
    void operator()(const Vdpa&) { all.push_back(Ability::vdpa); }
    void operator()(const ApCard&) { all.push_back(Ability::ap_card); }
    void operator()(const ApQueue&) { all.push_back(Ability::ap_queue); }
};

}  // namespace

const xml::Element<Device> device_element =
    xml::describe<Device>("device", xml::value("name", &Device::name), xml::value("path", &Device::path),
                          xml::children(&Device::nodes, dev_node), xml::child(&Device::parent, parent),
                          xml::child("driver", xml::value("name", &Device::driver)),
                          xml::children(&Device::capabilities, capability))
        .finished_by(check);

std::string device_grammar() { return xml::relaxng(device_element); }

void validate_device(std::string_view text) {
    xml::validate(text, "(node_device_definition)", "device",
                  {"/usr/share/libvirt/schemas/nodedev.rng", device_grammar});
}

std::vector<Ability> abilities(const Device& device) {
    std::vector<Ability> all;
    for (const auto& each : device.capabilities) std::visit(AbilitiesOf{all}, each.kind);
    return all;
}

}  // namespace innkeeper::model::nodedev
