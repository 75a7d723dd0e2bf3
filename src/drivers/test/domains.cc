#include "drivers/test/domains.h"

#include <optional>

#include "drivers/test/driver.h"
#include "drivers/test/procedures.h"
#include "guests/definitions.h"
#include "guests/start.h"
#include "xml/node.h"

namespace innkeeper::test {

Domains::Domains() : guests_(std::nullopt, std::make_unique<Driver>()) {
    rpc::HandlerTable all;
    guests_.install(all);
    handlers_.merge(all, domain_procedures());
}

Task<> Domains::add(xml::Node element) {
    auto def = co_await guests::read_definition(guests_, element.source(), guests::Purpose::define);
    const auto guest = co_await guests::define(guests_, std::move(def));
    co_await guests::start_stored(guests_, guest, {});
}

}  // namespace innkeeper::test
