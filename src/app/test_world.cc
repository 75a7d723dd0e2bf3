#include "app/test_world.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "app/test_default.h"
#include "base/error.h"
#include "base/files.h"
#include "drivers/interface/memory_interfaces.h"
#include "drivers/network/networks.h"
#include "drivers/network/simulation.h"
#include "drivers/nodedev/memory_devices.h"
#include "drivers/storage/pools.h"
#include "drivers/storage/simulation.h"
#include "drivers/test/domains.h"
#include "loop/pool.h"
#include "objects/memory_store.h"
#include "xml/node.h"

namespace innkeeper::app {

namespace {

constexpr std::chrono::seconds patience{30};

Error unreadable(const std::string& path) {
    return Error(ErrorCode::xml_error, ErrorDomain::test, fmt::format("failed to parse xml document '{}'", path));
}

xml::Document parse_file(const std::string& text, const std::string& path) { return xml::Document::parse(text, path); }

/// Where the network has addresses for guests: in its first range, or behind its own.
test::Subnet subnet_of(const network::Networks& networks, const std::string& name) {
    const auto def = networks.definition(name);
    if (!def)
        throw Error(ErrorCode::no_network, ErrorDomain::test, fmt::format("no network with matching name '{}'", name));
    if (def->ips.empty()) return {};
    const auto& ip = def->ips.front();
    const auto& first = ip.ranges.empty() ? ip.address : ip.ranges.front().start;
    return {first ? first->text() : "", ip.effective_prefix().value_or(0)};
}

Task<std::string> read_node_file(std::string path) {
    auto text = co_await in_pool([path] { return read_file(path); });
    if (!text) throw unreadable(path);
    co_return std::move(*text);
}

}  // namespace

/// One member for each kind of object, with its table.
struct TestWorld::Parts {
    network::Networks networks{std::make_unique<objects::MemoryStore>(), std::make_unique<network::SimulatedBackend>()};
    nodedev::MemoryDevices devices;
    host_interface::MemoryInterfaces interfaces;
    storage::Pools pools{std::make_unique<objects::MemoryStore>(), std::make_unique<storage::SimulatedBackend>(), {}};
    test::Domains domains{[this](const std::string& name) { return subnet_of(networks, name); }};

    /// Makes what one element of the <node> document describes.
    Task<> add(xml::Node element);
};

Task<> TestWorld::Parts::add(xml::Node element) {
    if (element.name() == "domain") co_await domains.add(element);
    if (element.name() == "network") co_await networks.add(element);
    if (element.name() == "device") devices.add(element);
    if (element.name() == "interface") interfaces.add(element);
    if (element.name() == "pool") co_await pools.add(element);
    if (element.name() == "cpu") domains.describe_cpu(element);
    if (element.name() == "memory") domains.describe_memory(element);
}

TestWorld::TestWorld() : parts_(std::make_unique<Parts>()) {
    drivers_.parts.push_back({"test", ErrorDomain::test, &parts_->domains.handlers()});
    drivers_.parts.push_back({"network", ErrorDomain::test, &parts_->networks.handlers()});
    drivers_.parts.push_back({"nodedev", ErrorDomain::test, &parts_->devices.handlers()});
    drivers_.parts.push_back({"interface", ErrorDomain::test, &parts_->interfaces.handlers()});
    drivers_.parts.push_back({"storage", ErrorDomain::test, &parts_->pools.handlers()});
}
TestWorld::~TestWorld() = default;

void TestWorld::add_cells() { parts_->domains.host().cells = {{2097152, 4}, {4194304, 8}}; }

Task<> TestWorld::fill(std::string document, std::string name) {
    const auto parsed = parse_file(document, name);
    const std::string folder = parent_of(name);
    for (auto element = parsed.root("node").child(); element; element = element.next()) {
        const auto file = element.attribute("file");
        if (!file) {
            co_await parts_->add(element);
            continue;
        }
        const std::string path = file->starts_with('/') ? std::string(*file) : fmt::format("{}/{}", folder, *file);
        const std::string text = co_await read_node_file(path);
        const auto other = parse_file(text, path);
        co_await parts_->add(other.root(element.name()));
    }
}

Task<> TestWorld::close() {
    co_await parts_->pools.stop();
    co_await parts_->domains.close();
}

TestWorlds::~TestWorlds() = default;

Task<std::shared_ptr<const rpc::DriverSet>> TestWorlds::open(std::string path) {
    if (path.empty() || path == "/")
        throw Error(ErrorCode::invalid_arg, ErrorDomain::test, "testOpen: supply a path or use test:///default");
    return path == "/default" ? open_default() : open_own(std::move(path));
}

Task<std::shared_ptr<const rpc::DriverSet>> TestWorlds::open_default() {
    const auto turn = co_await opening_->take("open", patience, "test:///default");
    if (!default_) {
        auto world = std::make_shared<TestWorld>();
        world->add_cells();
        co_await world->fill(std::string(test_default), "test:///default");
        default_ = std::move(world);
    }
    co_return std::shared_ptr<const rpc::DriverSet>(default_, &default_->drivers());
}

Task<std::shared_ptr<const rpc::DriverSet>> TestWorlds::open_own(std::string path) {
    std::string text = co_await read_node_file(path);
    const auto world = own_.insert(own_.end(), std::make_unique<TestWorld>());
    // It ends when neither the connection nor a call of it holds its drivers any more.
    std::shared_ptr<const rpc::DriverSet> drivers(&(*world)->drivers(),
                                                  [this, world](const auto*) { ending_.spawn(end(world)); });
    co_await (*world)->fill(std::move(text), std::move(path));
    co_return drivers;
}

Task<> TestWorlds::end(Own::iterator world) {
    co_await (*world)->close();
    own_.erase(world);
}

Task<> TestWorlds::close() {
    co_await ending_.idle();
    co_await ending_.close();
    for (const auto& world : own_) co_await world->close();
    own_.clear();
    if (default_) co_await default_->close();
    default_.reset();
}

}  // namespace innkeeper::app
