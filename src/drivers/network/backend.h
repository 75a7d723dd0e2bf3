#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "drivers/network/network.h"
#include "loop/task.h"
#include "rpc/codec/procedure.h"

namespace innkeeper::network {

/// Where networks are made: on the host (`HostBackend`), or nowhere (`SimulatedBackend`).
class Backend {
  public:
    virtual ~Backend() = default;

    /// What messages call a function, such as "NetworkGetXMLDesc" or "ConnectListAllNetworks".
    virtual std::string function(std::string_view name) const = 0;
    /// The procedures that there are here; empty: all.
    virtual std::span<const protocol::Procedure* const> procedures() const = 0;
    /// Whether clients can ask for what a network will be apart from what it is.
    virtual bool shows_next_definition() const = 0;

    /// Refuses what cannot be made here.
    virtual void check(model::Network& def) const = 0;
    /// Chooses what the definition leaves open. `owner_of` tells which other network has a bridge of that name, if any.
    using OwnerOf = std::function<const Network*(std::string_view bridge)>;
    virtual void complete(model::Network& def, const OwnerOf& owner_of) const = 0;

    // What is done to networks in a state that does not allow it: throws, or lets it be.
    virtual void refuse_start(const Network& active) const = 0;
    virtual void refuse_stop(const Network& inactive) const = 0;
    virtual void check_undefine(const Network& network) const = 0;
    virtual void check_autostart(const Network& network) const = 0;

    virtual Task<> start(DefPtr def) = 0;
    virtual Task<> stop(DefPtr def) = 0;
};

}  // namespace innkeeper::network
