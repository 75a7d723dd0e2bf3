#include "drivers/test/driver.h"

#include <utility>

#include "drivers/test/complete.h"
#include "drivers/test/host.h"
#include "model/domain/domain.h"

namespace innkeeper::test {

using guests::GuestPtr;

Task<std::string> Driver::capabilities() { co_return std::string(capabilities_document); }
Task<int> Driver::max_vcpus(std::string) { co_return most_vcpus; }

Task<guests::DefPtr> Driver::complete(model::DomainDef def, guests::Purpose) {
    test::complete(def);
    co_return std::make_shared<const model::DomainDef>(std::move(def));
}

Task<> Driver::start(GuestPtr guest, guests::StartOptions options) {
    if (!options.paused) guest->running(options.reason);
    co_return;
}

Task<> Driver::destroy(GuestPtr, Destroy) { co_return; }

Task<> Driver::shutdown(GuestPtr guest, std::vector<guests::Way>) {
    guest->ended(guests::Shutoff::shutdown);
    co_return;
}

Task<> Driver::suspend(GuestPtr guest, guests::Paused reason) {
    guest->paused(reason);
    co_return;
}

Task<> Driver::resume(GuestPtr guest, guests::Running reason) {
    guest->running(reason);
    co_return;
}

}  // namespace innkeeper::test
