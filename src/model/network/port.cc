#include "model/network/port.h"

#include <fmt/format.h>

#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {

namespace {

using Plug = NetworkPort::Plug;

[[noreturn]] void wrong(std::string_view message) { throw Error(ErrorCode::xml_error, std::string(message)); }

/// What a plug cannot be without.
void complete(NetworkPort& port) {
    if (!port.uuid) port.uuid = Uuid::random();
    if (port.owner_name.empty()) wrong("missing network port owner name");
    if (!port.owner_uuid) wrong("missing network port owner UUID");
    if (!port.mac) wrong("missing network port mac address");
    switch (port.plug) {
        case Plug::none:
            return;
        case Plug::network:
        case Plug::bridge:
            if (port.bridge.empty()) wrong("Missing network port bridge name");
            return;
        case Plug::direct:
            if (port.dev.empty()) wrong("Missing network port link device name");
            return;
        case Plug::host_device:
            if (!port.address) wrong("Missing network port PCI address");
            return;
    }
}

}  // namespace

const xml::Element<NetworkPort> network_port =
    xml::describe<NetworkPort>(
        "networkport", xml::value("uuid", &NetworkPort::uuid).omit(""),
        xml::child("owner", xml::value("name", &NetworkPort::owner_name), xml::value("uuid", &NetworkPort::owner_uuid)),
        xml::value("group", &NetworkPort::group), xml::child("mac", xml::attribute("address", &NetworkPort::mac)),
        xml::child("rxfilters", xml::attribute("trustGuest", &NetworkPort::trust_guest_filters)),
        xml::child("port", xml::attribute("isolated", &NetworkPort::isolated)),
        xml::child(&NetworkPort::virtual_port, virtual_port), xml::child(&NetworkPort::bandwidth, port_bandwidth),
        xml::child(&NetworkPort::vlan, vlan),
        xml::child("plug", xml::attribute("type", &NetworkPort::plug).omit("none"),
                   xml::attribute("bridge", &NetworkPort::bridge),
                   xml::attribute("macTableManager", &NetworkPort::mac_table), xml::attribute("dev", &NetworkPort::dev),
                   xml::attribute("mode", &NetworkPort::mode), xml::attribute("managed", &NetworkPort::managed),
                   xml::child("driver", xml::attribute("name", &NetworkPort::driver)),
                   xml::child(&NetworkPort::address, network_pci_address)))
        .finished_by(complete);

std::string network_port_grammar() { return xml::relaxng(network_port); }

void validate_network_port(std::string_view text) {
    xml::validate(text, "(networkport)", "networkport",
                  {"/usr/share/libvirt/schemas/networkport.rng", network_port_grammar});
}

}  // namespace innkeeper::model
