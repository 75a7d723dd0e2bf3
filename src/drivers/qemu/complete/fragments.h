#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "xml/fragment.h"

/// What has to be known of devices that the model keeps as text.
namespace innkeeper::qemu {

/// The order of its `<boot>`.
std::optional<unsigned> boot_order(const xml::Fragment& device);

/// An attribute of the element itself; empty if it is not there.
std::string attribute_of(const xml::Fragment& device, std::string_view name);

/// An attribute of the element at `path` below ("source/address"), of the first of them; empty if it is not there.
std::string attribute_at(const xml::Fragment& device, std::string_view path, std::string_view name);

bool has_child(const xml::Fragment& device, std::string_view path);

/// Puts `line` at the end of the device's content, where its address stands.
void append_inside(xml::Fragment& device, std::string_view line);

/// Gives the device its `<alias>`, which stands before the address.
void insert_alias(xml::Fragment& device, std::string_view alias);

}  // namespace innkeeper::qemu
