#include "model/domain/domain_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace innkeeper::model {

namespace {

/// With NUMA cells the memory is their sum, whatever <memory> says.
void settle_memory(DomainDef& domain, const xml::Node& node) {
    std::uint64_t cells = 0;
    if (domain.cpu)
        for (const auto& cell : domain.cpu->numa) cells += cell.memory_kib;
    if (cells)
        domain.memory_kib = cells;
    else if (!node.child("memory"))
        throw Error(ErrorCode::xml_error, "Memory size must be specified via <memory> or in the <numa> configuration");
    if (!domain.current_memory_kib || domain.current_memory_kib > domain.memory_kib)
        domain.current_memory_kib = domain.memory_kib;
    if (domain.max_memory_kib.has_value() != domain.memory_slots.has_value())
        throw Error(ErrorCode::xml_error, "both maximum memory size and memory slot count must be specified");
}

void settle_vcpus(DomainDef& domain, const xml::Node& node) {
    auto& vcpus = domain.vcpus;
    if (node.child("vcpu") && vcpus.maximum == 0 && domain.cpu && domain.cpu->numa.empty())
        throw Error(ErrorCode::xml_error, "invalid maximum number of vCPUs '0'");
    if (vcpus.current && *vcpus.current > vcpus.maximum)
        throw Error(ErrorCode::config_unsupported, "maximum vCPU count must not be less than current vCPU count");
    if (vcpus.current == vcpus.maximum) vcpus.current.reset();
    if (vcpus.placement == Vcpus::Placement::auto_)
        vcpus.cpuset.reset();
    else
        vcpus.placement = Vcpus::Placement::static_;
    if (vcpus.cpuset && vcpus.cpuset->empty()) throw Error(ErrorCode::invalid_arg, "Invalid value of 'cpuset': ");
    if (domain.cpu && domain.cpu->topology && domain.cpu->topology->count() != vcpus.maximum)
        throw Error(ErrorCode::config_unsupported, "CPU topology doesn't match maximum vcpu count");
    for (const auto& cell : domain.cpu ? domain.cpu->numa : std::vector<NumaCell>{})
        if (cell.cpus && !cell.cpus->empty() && cell.cpus->numbers().back() >= vcpus.maximum)
            throw Error(ErrorCode::internal_error, "CPU IDs in <numa> exceed the <vcpu> count");
}

/// Names and a number are two ways to say the same; the larger counts, and threads without a name get the free ones.
void settle_iothreads(DomainDef& domain) {
    auto& threads = domain.iothread_ids;
    for (std::size_t i = 0; i < threads.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (threads[i].id == threads[j].id)
                throw Error(ErrorCode::xml_error, fmt::format("duplicate iothread id '{}' found", threads[i].id));
    if (domain.iothreads < threads.size()) domain.iothreads = static_cast<unsigned>(threads.size());
    constexpr unsigned most = 1 << 12;
    if (domain.iothreads > most)
        throw Error(ErrorCode::config_unsupported, fmt::format("more than {} iothreads", most));
    for (unsigned id = 1; threads.size() < domain.iothreads; ++id)
        if (std::ranges::find(threads, id, &IoThread::id) == threads.end()) threads.push_back({.id = id});
}

void settle_os(DomainDef& domain) {
    auto& os = domain.os;
    if (os.type.empty()) {
        if (!domain.has_bootloader) throw Error(ErrorCode::xml_error, "an os <type> must be specified");
        os.type = "xen";
    }
    const bool boots_by_device =
        std::ranges::any_of(domain.devices.disks, [](const auto& disk) { return disk.info.boot.order.has_value(); }) ||
        std::ranges::any_of(domain.devices.interfaces,
                            [](const auto& card) { return card.info.boot.order.has_value(); });
    if (boots_by_device && !os.boot.empty())
        throw Error(ErrorCode::config_unsupported,
                    "per-device boot elements cannot be used together with os/boot elements");
    if (os.is_hvm() && os.boot.empty() && !boots_by_device && domain.bootloader.empty())
        os.boot.push_back(Os::Boot::hd);
}

void check_boot_orders(const DomainDef& domain) {
    std::vector<unsigned> orders;
    const auto add = [&](const auto& devices) {
        for (const auto& device : devices)
            if (device.info.boot.order) orders.push_back(*device.info.boot.order);
    };
    add(domain.devices.disks);
    add(domain.devices.interfaces);
    std::ranges::sort(orders);
    if (const auto twice = std::ranges::adjacent_find(orders); twice != orders.end())
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("boot order '{}' used for more than one device", *twice));
}

const std::string& shown_source(const Disk& disk) {
    static const std::string none = "(null)";
    return disk.source.path.empty() ? none : disk.source.path;
}

void check_disk_targets(const DomainDef& domain) {
    std::map<std::string_view, const Disk*> seen;
    for (const auto& disk : domain.devices.disks) {
        const auto [at, is_new] = seen.emplace(disk.target, &disk);
        if (!is_new)
            throw Error(ErrorCode::xml_error, fmt::format("target '{}' duplicated for disk sources '{}' and '{}'",
                                                          disk.target, shown_source(*at->second), shown_source(disk)));
    }
}

/// The first card is the primary one unless another says so.
void settle_videos(DomainDef& domain) {
    auto& videos = domain.devices.videos;
    if (std::ranges::count(videos, true, &Video::primary) > 1)
        throw Error(ErrorCode::config_unsupported, "Only one primary video device is supported");
    if (videos.size() > 1 && std::ranges::find(videos, Video::Type::none, &Video::type) != videos.end())
        throw Error(ErrorCode::config_unsupported,
                    "a 'none' video type must be the only video device defined for the domain");
    const auto primary = std::ranges::find(videos, true, &Video::primary);
    if (primary != videos.end())
        std::rotate(videos.begin(), primary, primary + 1);
    else if (!videos.empty())
        videos.front().primary = true;
}

void check_security_labels(const DomainDef& domain) {
    const auto& labels = domain.security_labels;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels.size() > 1 && labels[i].model.empty())
            throw Error(ErrorCode::xml_error, "missing security model when using multiple labels");
        for (std::size_t j = 0; j < i; ++j)
            if (labels[i].model == labels[j].model)
                throw Error(ErrorCode::xml_detail,
                            fmt::format("seclabel for model {} is already provided", labels[i].model));
    }
}

}  // namespace

void finish_domain(DomainDef& domain, const xml::Node& node, const xml::ParseFlags&) {
    settle_memory(domain, node);
    settle_vcpus(domain, node);
    settle_iothreads(domain);
    settle_os(domain);
    check_boot_orders(domain);
    check_disk_targets(domain);
    settle_videos(domain);
    check_security_labels(domain);
    if (domain.has_genid && !domain.genid) domain.genid = Uuid::random();
}

}  // namespace innkeeper::model
