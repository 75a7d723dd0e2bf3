#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "loop/task.h"
#include "rpc/codec/handlers.h"

/// How drivers plug into the server: by their tables of handlers.
namespace innkeeper::rpc {

/// One driver: `handlers` must outlive the server's use of it. Errors that its handlers throw without a domain get
/// `domain`.
struct DriverPart {
    std::string name;
    ErrorDomain domain = ErrorDomain::none;
    const HandlerTable* handlers = nullptr;
};

/// What the connections to one URI can call: the hypervisor's driver, then those of networks, storage and the others.
/// A procedure is answered by the first that has a handler for it.
struct DriverSet {
    std::vector<DriverPart> parts;
    /// Numbers of connect_supports_feature that the drivers have, beyond those that every connection has.
    std::vector<int> features;

    struct Found {
        const Handler* handler;
        ErrorDomain domain;
    };
    std::optional<Found> find(const protocol::Procedure& row) const {
        for (const auto& part : parts)
            if (const auto handler = part.handlers->find(row)) return Found{*handler, part.domain};
        return std::nullopt;
    }
};

/// What a client's connect_open chose.
struct Opened {
    std::shared_ptr<const DriverSet> drivers;
    std::string uri;  ///< as connect_get_uri answers
};

/// The application's choice of drivers.
class Drivers {
  public:
    virtual ~Drivers() = default;
    /// The drivers behind a URI; an empty one stands for the default. Throws the Error that the client gets.
    virtual Task<Opened> open(std::string uri) = 0;
};

}  // namespace innkeeper::rpc
