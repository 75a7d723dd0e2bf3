#pragma once

#include <string>

#include "guests/guests.h"
#include "rpc/codec/handlers.h"

namespace innkeeper::xml {
class Node;
}

namespace innkeeper::test {

/// The guests of one simulated machine, and the answers to what clients ask about the machine itself.
class Domains {
  public:
    Domains();

    /// A <domain> of the machine's description: it is defined, and runs unless that says otherwise.
    Task<> add(xml::Node element);
    Task<> close() { return guests_.close(); }

    const rpc::HandlerTable& handlers() const { return handlers_; }

  private:
    guests::Guests guests_;
    rpc::HandlerTable handlers_;
};

}  // namespace innkeeper::test
