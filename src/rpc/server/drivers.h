#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "loop/task.h"
#include "rpc/codec/handlers.h"
#include "rpc/server/upstream.h"

/// How drivers plug into the server: by their tables of handlers.
namespace innkeeper::rpc {

/// One driver: `handlers` must outlive the server's use of it. Errors that its handlers throw without a domain get
/// `domain`. Instead of handlers it can have a daemon beside us that serves it.
struct DriverPart {
    std::string name;
    ErrorDomain domain = ErrorDomain::none;
    const HandlerTable* handlers = nullptr;
    std::shared_ptr<const Upstream> upstream = nullptr;
};

/// What the connections to one URI can call: the hypervisor's driver, then those of networks, storage and the others.
/// A procedure is answered by the first that has a handler for it.
struct DriverSet {
    std::vector<DriverPart> parts;
    /// What access rules know these connections' driver as; empty where everybody may do everything.
    std::string access_name;
    /// Numbers of connect_supports_feature that the drivers have, beyond those that every connection has.
    std::vector<int> features;

    /// A daemon that serves everything of these connections: it is asked to open the URI when the client asks us.
    std::shared_ptr<const Upstream> whole;

    struct Found {
        const Handler* handler;  ///< null if it is the part's daemon that has it
        const DriverPart& part;
    };
    std::optional<Found> find(const protocol::Procedure& row) const {
        for (const auto& part : parts) {
            if (part.upstream) {
                if (part.upstream->serves(row)) return Found{nullptr, part};
            } else if (const auto handler = part.handlers->find(row)) {
                return Found{*handler, part};
            }
        }
        return std::nullopt;
    }
    /// Null if the objects of that kind are none of ours.
    const Directory* directory(std::string_view kind) const {
        for (const auto& part : parts)
            if (part.handlers != nullptr)
                if (const auto* directory = part.handlers->directory(kind)) return directory;
        return nullptr;
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
