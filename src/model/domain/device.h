#pragma once

#include <string_view>
#include <tuple>
#include <variant>

#include "model/domain/domain.h"
#include "xml/parts.h"

/// A device by itself: what a document holds that is nothing but one element of `<devices>`.
namespace innkeeper::model {

/// Where each kind that can come alone is kept. What can be said of a kind follows from its place here: its type, and
/// the declaration by which it is read.
inline constexpr std::tuple device_members{
    &Devices::disks,      &Devices::controllers, &Devices::leases,    &Devices::filesystems, &Devices::interfaces,
    &Devices::smartcards, &Devices::serials,     &Devices::parallels, &Devices::consoles,    &Devices::channels,
    &Devices::inputs,     &Devices::tpms,        &Devices::graphics,  &Devices::sounds,      &Devices::audios,
    &Devices::videos,     &Devices::hostdevs,    &Devices::redirdevs, &Devices::hubs,        &Devices::watchdogs,
    &Devices::memballoon, &Devices::rngs,        &Devices::nvram,     &Devices::panics,      &Devices::shmems,
    &Devices::memories,   &Devices::iommu,       &Devices::vsock};

template <class... Member>
std::variant<typename xml::HolderOf<Member>::Value...> device_kept_in(std::tuple<Member Devices::*...>);
using Device = decltype(device_kept_in(device_members));

/// Calls `visit(member)` for each kind, with the member of Devices that holds it: a list, or a device that may be
/// there.
template <class Visit>
void for_each_kind(Visit visit) {
    std::apply([&](auto... member) { (visit(member), ...); }, device_members);
}

/// The list (or the single place) for devices of the type T.
template <class T>
constexpr auto member_for() {
    return std::apply(
        [](auto... member) {
            const auto pick = []<class Member>(Member Devices::*one) {
                if constexpr (std::is_same_v<typename xml::HolderOf<Member>::Value, T>)
                    return std::tuple{one};
                else
                    return std::tuple{};
            };
            return std::get<0>(std::tuple_cat(pick(member)...));
        },
        device_members);
}

/// Calls `visit(device)` for each device, kind after kind.
template <class AnyDevices, class Visit>
void for_each_device(AnyDevices& devices, Visit visit) {
    for_each_kind([&](auto member) {
        auto& held = devices.*member;
        if constexpr (requires { held.begin(); })
            for (auto& device : held) visit(device);
        else if (held)
            visit(*held);
    });
}

/// Place and name of a device, for the kinds that have such.
template <class T>
auto* info_of(T& device) {
    if constexpr (requires { device.info; })
        return &device.info;
    else
        return static_cast<const DeviceInfo*>(nullptr);
}

/// The declaration of what a member of Devices holds.
const xml::Description& device_description(std::ptrdiff_t offset);

/// The name of the element that a member holds.
template <class Member>
std::string_view tag_of(Member Devices::*member) {
    return device_description(xml::offset_of(member)).tag;
}

/// Reads a document that is one device. Throws `Error` with the peer's code and sentence.
Device parse_device(std::string_view text, const ParseOptions& options = {});

/// The name of the element: "disk".
std::string_view tag_of(const Device& device);

}  // namespace innkeeper::model
