#include "rpc/codec/procedure.h"

#include <algorithm>

namespace innkeeper::protocol {

const Procedure* Program::find(std::int32_t procedure) const {
    const auto at = std::ranges::lower_bound(procedures, procedure, {}, &Procedure::number);
    return at != procedures.end() && at->number == procedure && !at->event ? &*at : nullptr;
}

const Program* find_program(std::uint32_t number) {
    const auto at = std::ranges::find(programs(), number, &Program::number);
    return at != programs().end() ? &*at : nullptr;
}

}  // namespace innkeeper::protocol
