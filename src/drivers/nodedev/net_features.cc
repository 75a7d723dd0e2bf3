#include "drivers/nodedev/net_features.h"

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/fd.h"
#include "base/files.h"

namespace innkeeper::nodedev {

namespace {

using Name = model::nodedev::NetFeature::Name;

/// Asks the driver of one interface.
class Ethtool {
  public:
    explicit Ethtool(const std::string& interface)
        : socket_(socket(AF_LOCAL, SOCK_DGRAM | SOCK_CLOEXEC, 0)), interface_(interface) {}

    bool ask(void* command) const {
        ifreq request{};
        if (!socket_ || interface_.size() >= sizeof request.ifr_name) return false;
        std::memcpy(request.ifr_name, interface_.data(), interface_.size());
        request.ifr_data = static_cast<char*>(command);
        return ioctl(socket_.get(), SIOCETHTOOL, &request) == 0;
    }
    std::uint32_t value(std::uint32_t what) const {
        ethtool_value value{.cmd = what, .data = 0};
        return ask(&value) ? value.data : 0;
    }

  private:
    Fd socket_;
    std::string interface_;
};

constexpr std::pair<std::uint32_t, Name> by_command[] = {
    {ETHTOOL_GRXCSUM, Name::rx}, {ETHTOOL_GTXCSUM, Name::tx}, {ETHTOOL_GSG, Name::sg},  {ETHTOOL_GTSO, Name::tso},
    {ETHTOOL_GUFO, Name::ufo},   {ETHTOOL_GGSO, Name::gso},   {ETHTOOL_GGRO, Name::gro}};

constexpr std::pair<std::uint32_t, Name> by_flag[] = {{ETH_FLAG_LRO, Name::lro},
                                                      {ETH_FLAG_RXVLAN, Name::rxvlan},
                                                      {ETH_FLAG_TXVLAN, Name::txvlan},
                                                      {ETH_FLAG_NTUPLE, Name::ntuple},
                                                      {ETH_FLAG_RXHASH, Name::rxhash}};

/// A command whose answer has room for so many items behind it.
template <class Command>
Command* with_room(std::vector<std::uint64_t>& storage, std::size_t bytes) {
    storage.assign((sizeof(Command) + bytes + 7) / 8, 0);
    return reinterpret_cast<Command*>(storage.data());
}

/// The number of a feature that has no flag of its own; the kernel tells which names it has.
std::optional<std::uint32_t> feature_number(const Ethtool& card, std::string_view wanted) {
    constexpr std::uint32_t most = 512;
    std::vector<std::uint64_t> storage;
    auto* sizes = with_room<ethtool_sset_info>(storage, sizeof(std::uint32_t));
    sizes->cmd = ETHTOOL_GSSET_INFO;
    sizes->sset_mask = 1ULL << ETH_SS_FEATURES;
    if (!card.ask(sizes) || sizes->sset_mask == 0) return std::nullopt;
    const auto count = std::min(sizes->data[0], most);
    auto* names = with_room<ethtool_gstrings>(storage, std::size_t{count} * ETH_GSTRING_LEN);
    names->cmd = ETHTOOL_GSTRINGS;
    names->string_set = ETH_SS_FEATURES;
    names->len = count;
    if (!card.ask(names)) return std::nullopt;
    for (std::uint32_t i = 0; i < std::min(names->len, count); ++i) {
        const auto* name = reinterpret_cast<const char*>(names->data) + std::size_t{i} * ETH_GSTRING_LEN;
        if (std::string_view(name, strnlen(name, ETH_GSTRING_LEN)) == wanted) return i;
    }
    return std::nullopt;
}

bool has_feature(const Ethtool& card, std::string_view name) {
    const auto feature = feature_number(card, name);
    if (!feature) return false;
    const std::uint32_t blocks = *feature / 32 + 1;
    std::vector<std::uint64_t> storage;
    auto* features = with_room<ethtool_gfeatures>(storage, blocks * sizeof(ethtool_get_features_block));
    features->cmd = ETHTOOL_GFEATURES;
    features->size = blocks;
    return card.ask(features) && (features->features[*feature / 32].active & (1U << (*feature % 32))) != 0;
}

/// Whether the same device reads and writes others' memory.
bool has_rdma(const std::string& interface) {
    namespace fs = std::filesystem;
    std::error_code error;
    const auto device = fs::canonical("/sys/class/net/" + interface + "/device", error);
    if (error) return false;
    return std::ranges::any_of(list_directory("/sys/class/infiniband"), [&](const std::string& name) {
        std::error_code ignored;
        return fs::canonical("/sys/class/infiniband/" + name + "/device", ignored) == device;
    });
}

}  // namespace

std::vector<model::nodedev::NetFeature> read_features(const std::string& interface) {
    std::vector<model::nodedev::NetFeature> features;
    const Ethtool card(interface);
    for (const auto& [command, name] : by_command)
        if (card.value(command) != 0) features.push_back({name});
    const auto flags = card.value(ETHTOOL_GFLAGS);
    for (const auto& [flag, name] : by_flag)
        if ((flags & flag) != 0) features.push_back({name});
    if (has_rdma(interface)) features.push_back({Name::rdma});
    if (has_feature(card, "tx-udp_tnl-segmentation")) features.push_back({Name::txudptnl});
    return features;
}

}  // namespace innkeeper::nodedev
