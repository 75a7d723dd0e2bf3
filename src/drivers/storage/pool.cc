#include "drivers/storage/pool.h"

#include <fmt/format.h>

#include <chrono>

#include "base/error.h"

namespace innkeeper::storage {

using namespace std::chrono_literals;

Task<Turns::Turn> Pool::turn(std::string job) const { return turns_->take(std::move(job), 30s, def_.name); }

VolumeClaim::~VolumeClaim() {
    if (pool_) pool_->busy_.erase(name_);
}

VolumeClaim Pool::claim(const std::shared_ptr<Pool>& pool, std::string name) {
    if (!pool->busy_.insert(name).second)
        throw Error(ErrorCode::operation_invalid, fmt::format("volume '{}' is still in use.", name));
    return {pool, std::move(name)};
}

void Pool::must_be_quiet() const {
    if (!busy_.empty())
        throw Error(ErrorCode::internal_error, fmt::format("pool '{}' has asynchronous jobs running.", name()));
}

void Pool::define(model::Pool def) {
    if (active_)
        next_ = std::move(def);
    else
        def_ = std::move(def);
}

void Pool::start(Scanned scanned) {
    active_ = true;
    set_scanned(std::move(scanned));
}

void Pool::stop() {
    active_ = false;
    if (next_) def_ = std::move(*next_);
    next_.reset();
}

void Pool::set_facts(const FolderFacts& facts) {
    def_.capacity = facts.capacity;
    def_.available = facts.available;
    def_.allocation = facts.capacity - facts.available;
    auto label = std::move(def_.permissions.label);
    def_.permissions = facts.permissions;
    def_.permissions.label = std::move(label);
}

void Pool::set_scanned(Scanned scanned) {
    set_facts(scanned.folder);
    volumes_ = std::move(scanned.volumes);
}

}  // namespace innkeeper::storage
