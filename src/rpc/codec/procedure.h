#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/uuid.h"

/// What a row of a protocol table says about a procedure. The rows themselves are generated from protocol/*.json.
namespace innkeeper::rpc {
class XdrReader;
class XdrWriter;
}  // namespace innkeeper::rpc

namespace innkeeper::protocol {

/// The arguments or results of a procedure that has none.
struct Nothing {
    void encode(rpc::XdrWriter&) const {}
    void decode(rpc::XdrReader&) {}
    bool operator==(const Nothing&) const = default;
};

/// The arguments on which a right can depend: `flags`, and the one other argument that a row names.
struct AccessValues {
    std::uint32_t flags = 0;
    std::uint32_t selector = 0;
};

/// When a rule of a row holds, given the arguments of a call.
struct Condition {
    enum class Kind : std::uint8_t { never, always, any_flag, no_flag, selector_is };
    Kind kind = Kind::never;
    std::uint32_t value = 0;

    constexpr bool holds(AccessValues arguments) const {
        switch (kind) {
            case Kind::never:
                return false;
            case Kind::always:
                return true;
            case Kind::any_flag:
                return (arguments.flags & value) != 0;
            case Kind::no_flag:
                return (arguments.flags & value) == 0;
            case Kind::selector_is:
                return arguments.selector == value;
        }
        return true;
    }
};

/// A permission on an object that the caller must have, if the condition holds.
struct AccessRule {
    std::string_view object;
    std::string_view permission;
    Condition when;
};

/// The object that a call or an event concerns, and what an administrator's rules may know of it. A call says by one of
/// the ways which it means; the driver that has the object says all of it.
struct Subject {
    enum class By : std::uint8_t { none, identity, name, uuid, id, document, path, key, mac, image, usage, wwn };
    std::string_view kind;  ///< as rules name it: domain, storage_vol
    By by = By::none;
    std::string name;  ///< or a port's device; a WWNN
    std::string
        word;  ///< an interface's address, a volume's key, a secret's usage, a binding's filter; what it is found by
    Uuid uuid{};
    std::int32_t number = 0;  ///< a running domain's; the type of a secret's usage
    std::string parent;       ///< of a volume its pool, of a port its network
    Uuid parent_uuid{};
    bool operator==(const Subject&) const = default;
};

/// What the rules of a row depend on, read from a call or an event.
struct AccessFacts {
    AccessValues values;
    Subject subject;
};

enum class StreamDirection : std::uint8_t { none, read, write };
enum class FdDirection : std::uint8_t { none, call, reply, both };

/// One row: a procedure that clients call, or an event that the daemon sends.
struct Procedure {
    std::uint32_t program;
    std::uint32_t version;
    std::int32_t number;
    std::string_view name;  ///< as in the table: domain_get_info
    std::string_view api;   ///< the public function behind it, as messages name it: virDomainGetInfo; empty for events
    ErrorDomain domain;     ///< in which that public function reports
    bool event;
    bool high_priority;
    Condition needs_write;  ///< refused on a read-only connection
    std::span<const AccessRule> acl;
    std::span<const AccessRule> acl_filter;    ///< applies to each returned object, or to the event
    AccessFacts (*facts)(rpc::XdrReader& in);  ///< throws Error (rpc); null without rules
    StreamDirection stream;
    std::uint32_t sparse_flag;  ///< the bit of `flags` that allows holes in the stream; 0: never
    FdDirection fds;
    std::string_view since;
};

struct Program {
    std::string_view name;
    std::uint32_t number;
    std::uint32_t version;
    std::span<const Procedure> procedures;  ///< sorted by number

    /// The row of a procedure that clients may call; events and unknown numbers have none.
    const Procedure* find(std::int32_t procedure) const;
};

/// Every program that a daemon can offer.
std::span<const Program> programs();
const Program* find_program(std::uint32_t number);

}  // namespace innkeeper::protocol
