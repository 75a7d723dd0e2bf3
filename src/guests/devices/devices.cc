#include "guests/devices/devices.h"

#include <fmt/format.h>

#include <optional>

#include "guests/devices/kinds.h"

namespace innkeeper::guests {

namespace {

/// The peer has one word for everything that is a stream of bytes.
template <class T>
constexpr bool is_chardev = std::is_same_v<T, model::Serial> || std::is_same_v<T, model::Parallel> ||
                            std::is_same_v<T, model::Console> || std::is_same_v<T, model::Channel>;

template <class T>
[[noreturn]] void refuse_kind(std::string_view verb, const T& device) {
    throw Error(ErrorCode::operation_unsupported, fmt::format("persistent {} of device '{}' is not supported", verb,
                                                              is_chardev<T> ? "chr" : model::tag_of(device)));
}

template <class T>
void put_one(model::Devices& devices, T device) {
    auto& held = devices.*model::member_for<T>();
    if constexpr (requires { held.push_back(std::move(device)); })
        held.push_back(std::move(device));
    else
        held = std::move(device);
}

template <class T>
void take(model::Devices& devices, std::size_t index) {
    auto& held = devices.*model::member_for<T>();
    if constexpr (requires { held.begin(); })
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
    else
        held.reset();
}

}  // namespace

bool may_share_place(const model::DeviceInfo& wanted, const model::DeviceInfo& other) {
    return !wanted.has_address() || wanted.address == other.address;
}

void put(model::Devices& devices, model::Device device) {
    std::visit([&](auto& one) { put_one(devices, std::move(one)); }, device);
}

void attach(model::Devices& devices, model::Device device) {
    std::visit(
        [&]<class T>(T& one) {
            if constexpr (Attachable<T>) {
                refuse_twin(devices, one);
                if constexpr (requires { number(devices, one); }) number(devices, one);
                put_one(devices, std::move(one));
            } else {
                refuse_kind("attach", one);
            }
        },
        device);
}

void detach(model::Devices& devices, const model::Device& device) {
    std::visit(
        [&]<class T>(const T& one) {
            if constexpr (Attachable<T>) {
                const std::size_t index = find(devices, one);
                take<T>(devices, index);
                if constexpr (requires { taken(devices, index, one); }) taken(devices, index, one);
            } else {
                refuse_kind("detach", one);
            }
        },
        device);
}

void update(model::Devices& devices, model::Device device) {
    std::visit(
        [&]<class T>(T& one) {
            if constexpr (Updatable<T>)
                (devices.*model::member_for<T>())[find_to_update(devices, one)] = std::move(one);
            else
                refuse_kind("update", one);
        },
        device);
}

model::Device find_by_alias(const model::Devices& devices, std::string_view alias) {
    std::optional<model::Device> found;
    model::for_each_device(devices, [&]<class T>(const T& device) {
        if (const auto* info = model::info_of(device); info && !alias.empty() && info->alias == alias && !found)
            found = device;
    });
    if (!found)
        throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                    fmt::format("no device found with alias {}", alias));
    return *std::move(found);
}

bool erase_alias(model::Devices& devices, std::string_view alias) {
    bool found = false;
    model::for_each_kind([&](auto member) {
        auto& held = devices.*member;
        const auto is_meant = [&](const auto& device) {
            const auto* info = model::info_of(device);
            return info && info->alias == alias;
        };
        if constexpr (requires { held.begin(); })
            found = std::erase_if(held, is_meant) > 0 || found;
        else if (held && is_meant(*held))
            held.reset(), found = true;
    });
    return found;
}

namespace {

/// Calls `visit(device)` for the last of those whose element has that name.
template <class AnyDevices, class Visit>
void visit_last(AnyDevices& devices, std::string_view element, Visit visit) {
    model::for_each_kind([&](auto member) {
        if (model::tag_of(member) != element) return;
        auto& held = devices.*member;
        if constexpr (requires { held.back(); })
            visit(held.back());
        else
            visit(*held);
    });
}

}  // namespace

model::Device last_of(const model::Devices& devices, std::string_view element) {
    model::Device found;
    visit_last(devices, element, [&](const auto& device) { found = device; });
    return found;
}

model::DeviceInfo* last_info(model::Devices& devices, std::string_view element) {
    model::DeviceInfo* found = nullptr;
    visit_last(devices, element, [&](auto& device) {
        if constexpr (requires { device.info; }) found = &device.info;
    });
    return found;
}

}  // namespace innkeeper::guests
