#pragma once

#include <string>
#include <string_view>

#include "xml/fragment.h"

/// What has to be known of elements that the model keeps as text.
namespace innkeeper::qemu {

/// An attribute of the element itself; empty if it is not there.
std::string attribute_of(const xml::Fragment& element, std::string_view name);

/// What a `<sysinfo>` says about the machine's UUID; empty if nothing.
std::string system_uuid(const xml::Fragment& sysinfo);

}  // namespace innkeeper::qemu
