#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "drivers/test/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// The addresses that the cards of a simulated guest are said to have.
namespace innkeeper::test {

namespace {

constexpr unsigned addresses_of_a_guest = 20;

/// The one that lies so far behind; `family` is AF_INET or AF_INET6. Empty for what is no address.
std::string address_behind(const std::string& first, int family, unsigned distance) {
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(family, first.c_str(), bytes.data()) != 1) return {};
    std::uint64_t carry = distance;
    for (std::size_t i = family == AF_INET ? 4 : 16; i-- > 0 && carry != 0; carry >>= 8) {
        carry += bytes[i];
        bytes[i] = static_cast<unsigned char>(carry & 0xff);
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, bytes.data(), text.data(), text.size());
    return text.data();
}

class Addresses : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) { table.add<wire::DomainInterfaceAddresses>(*this, &Addresses::get); }

  private:
    wire::DomainInterfaceAddressesRet get(const Caller&, const wire::DomainInterfaceAddressesArgs& args) {
        check_flags(args.flags, 0, "DomainInterfaceAddresses");
        const auto guest = find_active(args.dom);
        if (args.source > VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP)
            throw Error(ErrorCode::argument_unsupported, fmt::format("Unknown IP address data source {}", args.source));
        const auto def = guest->live();
        wire::DomainInterfaceAddressesRet ret;
        for (unsigned i = 0; i < def->devices.interfaces.size(); ++i)
            ret.ifaces.push_back(card(def->devices.interfaces[i], static_cast<unsigned>(guest->id()), i));
        return ret;
    }

    /// On a network of the machine, one of its addresses for guests; elsewhere one that says nothing.
    wire::DomainInterface card(const model::Interface& card, unsigned id, unsigned position) {
        wire::DomainInterface told{.name = card.target_device, .hwaddr = card.mac->text(), .addrs = {}};
        if (card.type != model::Interface::Type::network) {
            told.addrs.push_back({VIR_IP_ADDR_TYPE_IPV4, address_behind("192.168.0.0", AF_INET, position + 1), 24});
            return told;
        }
        const Subnet subnet = driver().subnet_of(card.network);
        const bool is_v6 = subnet.first.contains(':');
        std::string address =
            address_behind(subnet.first, is_v6 ? AF_INET6 : AF_INET, (id - 1) * addresses_of_a_guest + position + 1);
        // A network without addresses gives none.
        if (!address.empty())
            told.addrs.push_back(
                {is_v6 ? VIR_IP_ADDR_TYPE_IPV6 : VIR_IP_ADDR_TYPE_IPV4, std::move(address), subnet.prefix});
        return told;
    }
};

}  // namespace

Installed install_addresses(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<Addresses>(guests, table);
}

}  // namespace innkeeper::test
