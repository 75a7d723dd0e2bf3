#include "drivers/test/complete.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <random>

#include "base/error.h"
#include "model/complete/implied.h"
#include "model/domain/device.h"
#include "model/domain/domain_checks.h"

namespace innkeeper::test {

using model::DomainDef;

namespace {

void settle_os(DomainDef& def) {
    if (!def.os.arch) def.os.arch = model::Architecture::i686;
    // Wishes for the choice of a firmware mean nothing where there is no choice.
    if (!def.os.firmware) def.os.firmware_features.clear();
    if (auto& loader = def.os.loader; loader && !loader->type && !loader->path.empty())
        loader->type = model::Loader::Type::rom;
}

void settle_memory(DomainDef& def) {
    // What the guest's nodes have counts only where nothing else is said.
    if (def.memory_kib == 0 && def.cpu) {
        for (const auto& cell : def.cpu->numa) def.memory_kib += cell.memory_kib;
        for (const auto& device : def.devices.memories) def.memory_kib += device.size;
    }
    // What is there without the modules must be something, where there are any.
    std::uint64_t modules = 0;
    for (const auto& device : def.devices.memories) modules += device.size;
    if (modules > def.memory_kib)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "Total size of memory devices exceeds the total memory size");
    if (modules == def.memory_kib)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "Memory size must be specified via <memory> or in the <numa> configuration");
    if (def.max_memory_kib.value_or(0) != 0 && *def.max_memory_kib < def.memory_kib)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "maximum memory size must be equal or greater than the actual memory size");
    if (def.current_memory_kib == 0 || def.current_memory_kib > def.memory_kib) def.current_memory_kib = def.memory_kib;
}

model::MacAddress generated_mac() {
    static std::mt19937_64 random{std::random_device{}()};
    model::MacAddress mac;
    mac.bytes = {0x52, 0x54, 0x00};
    for (unsigned i = 3; i < 6; ++i) mac.bytes[i] = static_cast<std::uint8_t>(random() & 0xff);
    return mac;
}

/// Every card has a device on the simulated host, also while the guest is off.
void settle_interfaces(DomainDef& def) {
    auto& cards = def.devices.interfaces;
    for (auto& card : cards) {
        if (!card.mac) card.mac = generated_mac();
        if (!card.target_device.empty()) continue;
        unsigned number = 0;
        const auto name = [&] { return fmt::format("testnet{}", number); };
        while (std::ranges::find(cards, name(), &model::Interface::target_device) != cards.end()) ++number;
        card.target_device = name();
    }
}

model::Video::Type default_video(const DomainDef& def) {
    using model::Architecture;
    if (def.os.type == "xen" || def.os.type == "linux") return model::Video::Type::xen;
    if (def.os.arch == Architecture::ppc64 || def.os.arch == Architecture::ppc64le) return model::Video::Type::vga;
    return model::Video::Type::cirrus;
}

/// What a card of that kind has where nothing is said, in KiB.
unsigned usual_video_memory(const DomainDef& def, model::Video::Type type) {
    using Type = model::Video::Type;
    switch (type) {
        case Type::qxl:
            return 64 << 10;
        case Type::xen:
            return 4 << 10;
        case Type::vga:
        case Type::cirrus:
        case Type::vmvga:
        case Type::bochs:
            if (def.type == DomainDef::VirtType::vbox) return 8 << 10;
            return def.type == DomainDef::VirtType::vmware ? 4 << 10 : 16 << 10;
        default:
            return 0;
    }
}

void settle_video_memory(const DomainDef& def, model::Video& video) {
    const unsigned usual = usual_video_memory(def, video.type);
    if (!video.vram && usual != 0) video.vram = usual;
    if (!video.ram && video.type == model::Video::Type::qxl) video.ram = usual;
    for (auto* size : {&video.vram, &video.ram, &video.vram64})
        if (*size) *size = std::bit_ceil(**size);
}

void settle_videos(DomainDef& def) {
    auto& videos = def.devices.videos;
    if (videos.empty() && !def.devices.graphics.empty()) videos.emplace_back();
    if (videos.empty()) return;
    const auto primary = std::ranges::find(videos, true, &model::Video::primary);
    if (primary != videos.end()) std::rotate(videos.begin(), primary, primary + 1);
    for (auto& video : videos) {
        if (video.type == model::Video::Type::default_) video.type = default_video(def);
        if (video.type == model::Video::Type::none) continue;
        settle_video_memory(def, video);
        if (!video.heads) video.heads = 1;
    }
    if (videos.front().type != model::Video::Type::none) videos.front().primary = true;
}

/// A place on a channel of which nothing is said is the first one.
void settle_channel_places(DomainDef& def) {
    model::for_each_device(def.devices, [](auto& device) {
        if constexpr (requires { device.info.address; })
            if (auto* at = std::get_if<model::CcwAddress>(&device.info.address);
                at != nullptr && *at == model::CcwAddress{})
                *at = {.cssid = 0, .ssid = 0, .devno = 0};
    });
}

}  // namespace

void complete(DomainDef& def) {
    model::check_domain(def);
    model::number_controllers(def);
    settle_os(def);
    settle_memory(def);
    // Other hypervisors' own words mean nothing here.
    def.qemu = {};
    def.lxc = {};
    def.xen = {};
    if (!def.vcpus.placement) def.vcpus.placement = model::Vcpus::Placement::static_;
    settle_videos(def);
    model::pair_console_with_serial(def);
    model::number_chardevs(def);
    settle_interfaces(def);
    settle_channel_places(def);
    model::assign_drive_addresses(def);
    model::add_implied_controllers(def);
    for (const auto& disk : def.devices.disks)
        if (!disk.source.fd_group.empty())
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        fmt::format("driver does not support FD passing for disk '{}'", disk.target));
    std::erase(def.devices.panics, model::Panic{});
    if (def.devices.watchdogs.size() > 1)
        throw Error(ErrorCode::internal_error, ErrorDomain::domain, "only a single watchdog device is supported");
    model::check_guest(def);
    model::check_redirection(def);
}

model::DomainDef migratable(model::DomainDef def) {
    const auto is_named_by_user = [](const model::DeviceInfo& info) { return info.alias.starts_with("ua-"); };
    std::erase_if(def.devices.inputs, [&](const model::Input& input) {
        return input.type == model::Input::Type::keyboard && input.bus == model::Input::Bus::ps2 &&
               !is_named_by_user(input.info);
    });
    for (auto& controller : def.devices.controllers)
        if (controller.pci_model_name == "spapr-pci-host-bridge") controller.pci_model_name.clear();
    model::number_controllers(def);
    return def;
}

}  // namespace innkeeper::test
