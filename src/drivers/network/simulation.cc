#include "drivers/network/simulation.h"

#include <fmt/format.h>

#include "base/error.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/network.h"

namespace innkeeper::network {

namespace {

namespace remote = protocol::remote;

/// No leases, no ports.
const protocol::Procedure* const all[] = {
    &remote::ConnectNumOfNetworks::row,
    &remote::ConnectListNetworks::row,
    &remote::ConnectNumOfDefinedNetworks::row,
    &remote::ConnectListDefinedNetworks::row,
    &remote::ConnectListAllNetworks::row,
    &remote::ConnectNetworkEventRegisterAny::row,
    &remote::ConnectNetworkEventDeregisterAny::row,
    &remote::NetworkLookupByName::row,
    &remote::NetworkLookupByUuid::row,
    &remote::NetworkGetXmlDesc::row,
    &remote::NetworkGetAutostart::row,
    &remote::NetworkSetAutostart::row,
    &remote::NetworkGetBridgeName::row,
    &remote::NetworkIsActive::row,
    &remote::NetworkIsPersistent::row,
    &remote::NetworkDefineXml::row,
    &remote::NetworkDefineXmlFlags::row,
    &remote::NetworkCreateXml::row,
    &remote::NetworkCreateXmlFlags::row,
    &remote::NetworkCreate::row,
    &remote::NetworkDestroy::row,
    &remote::NetworkUndefine::row,
    &remote::NetworkUpdate::row,
};

}  // namespace

std::span<const protocol::Procedure* const> SimulatedBackend::procedures() const { return all; }

void SimulatedBackend::refuse_start(const Network& active) const {
    throw Error(ErrorCode::operation_invalid, fmt::format("Network '{}' is already running", active.name()));
}

void SimulatedBackend::check_undefine(const Network& network) const {
    if (network.is_active())
        throw Error(ErrorCode::operation_invalid, fmt::format("Network '{}' is still running", network.name()));
}

}  // namespace innkeeper::network
