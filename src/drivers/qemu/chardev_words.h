#pragma once

#include <boost/json/object.hpp>
#include <string_view>

namespace innkeeper::qemu {

/// The arguments of `chardev-add` for the words of a `-chardev`: QEMU spells the same thing in two ways. Throws Error
/// for a kind that only a command line knows.
boost::json::object chardev_arguments(std::string_view words);

}  // namespace innkeeper::qemu
