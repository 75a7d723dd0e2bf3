#include "drivers/nodedev/memory_devices.h"

#include "base/error.h"
#include "drivers/nodedev/requests.h"
#include "objects/requests.h"
#include "protocol/constants.h"

namespace innkeeper::nodedev {

namespace remote = protocol::remote;
using namespace model::nodedev;

namespace {

constexpr Manner manner{.list_all = "testConnectListAllNodeDevices",
                        .num = "testNodeNumOfDevices",
                        .list = "testNodeListDevices",
                        .xml = "testNodeDeviceGetXMLDesc",
                        .list_flags = 0x3f'ffff,
                        .tells_all_abilities = false};

/// As the peer simulates it: whatever is asked for, a port comes of the pattern, under the one name.
constexpr std::string_view pattern = "scsi_host11", made = "scsi_host12";

/// The pattern with the names that were asked for.
Device port_like(const Device& like, const FcHost& names) {
    Device port = like;
    port.name = made;
    for (auto& capability : std::get<ScsiHost>(port.capabilities.at(0).kind).capabilities)
        if (auto* fc = std::get_if<FcHost>(&capability.kind)) fc->wwnn = names.wwnn, fc->wwpn = names.wwpn;
    return port;
}

}  // namespace

MemoryDevices::MemoryDevices() : questions_(*this, catalog_, manner) {
    questions_.add_handlers(table_);
    table_.add<remote::NodeDeviceCreateXml>(*this, &MemoryDevices::create_xml);
    table_.add<remote::NodeDeviceDestroy>(*this, &MemoryDevices::destroy);
}

void MemoryDevices::add(const xml::Node& element) { catalog_.put(device_element.read(element)); }

Task<remote::NodeDeviceCreateXmlRet> MemoryDevices::create_xml(rpc::Caller, remote::NodeDeviceCreateXmlArgs args) {
    objects::allow_flags(args.flags, protocol::VIR_NODE_DEVICE_CREATE_XML_VALIDATE, ErrorDomain::none,
                         "testNodeDeviceCreateXML");
    const auto wanted = co_await parse_device(std::move(args.xml_desc), args.flags != 0);
    const auto names = vport_names(wanted, Missing::refused);
    vport_parent(catalog_, wanted);
    const auto like = catalog_.find(pattern);
    if (like->as<ScsiHost>() == nullptr) throw Error(ErrorCode::no_node_device, std::string(pattern));
    const auto port = catalog_.put(port_like(*like, names));
    questions_.publish_lifecycle(port->name, protocol::VIR_NODE_DEVICE_EVENT_CREATED);
    co_return remote::NodeDeviceCreateXmlRet{.dev = {.name = port->name}};
}

/// What hangs on nothing stays, and the peer says nothing of it.
void MemoryDevices::destroy(const rpc::Caller&, const remote::NodeDeviceDestroyArgs& args) {
    const auto device = catalog_.find(args.name);
    if (!catalog_.by_name(device->parent.name)) return;
    catalog_.remove(*device);
    questions_.publish_lifecycle(device->name, protocol::VIR_NODE_DEVICE_EVENT_DELETED);
}

}  // namespace innkeeper::nodedev
