#pragma once

#include <string>
#include <vector>

#include "drivers/test/host.h"
#include "guests/guests.h"
#include "rpc/codec/handlers.h"

namespace innkeeper::xml {
class Node;
}

namespace innkeeper::test {

class Driver;

/// The guests of one simulated machine, and the answers to what clients ask about the machine itself.
class Domains {
  public:
    explicit Domains(Subnets subnets);

    /// What <cpu> and <memory> of the machine's description change.
    Host& host();
    /// A <domain> of the description: it is defined, and runs unless its words in the namespace of tests say otherwise.
    Task<> add(xml::Node element);
    void describe_cpu(xml::Node element);
    void describe_memory(xml::Node element);
    Task<> close() { return guests_.close(); }

    const rpc::HandlerTable& handlers() const { return handlers_; }

  private:
    Driver& driver();

    guests::Guests guests_;
    rpc::HandlerTable handlers_;
    std::vector<std::shared_ptr<void>> own_handlers_;
};

}  // namespace innkeeper::test
