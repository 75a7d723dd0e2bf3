#include <charconv>

#include "drivers/qemu/command/builder.h"

/// `<qemu:override>`: members of a device that the user sets or takes away, whatever the model says.
namespace innkeeper::qemu {

namespace {

using Property = model::QemuNamespace::Property;

/// Its text was found to be one when it was read.
template <class Number>
Number number(std::string_view text) {
    Number value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// Null: the member goes.
boost::json::value value_of(const Property& property) {
    switch (*property.type) {
        case Property::Type::string:
            return boost::json::string(property.value);
        case Property::Type::signed_:
            return number<std::int64_t>(property.value);
        case Property::Type::unsigned_:
            return number<std::uint64_t>(property.value);
        case Property::Type::bool_:
            return property.value == "true";
        case Property::Type::remove:
            break;
    }
    return nullptr;
}

}  // namespace

void prepare_overrides(Builder& b) {
    for (const auto& device : b.domain.qemu.overrides)
        for (const auto& property : device.frontend)
            b.overrides[device.alias].emplace_back(property.name, value_of(property));
}

}  // namespace innkeeper::qemu
