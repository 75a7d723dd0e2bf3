#pragma once

#include <string>
#include <string_view>

#include "drivers/nodedev/catalog.h"
#include "loop/task.h"

/// What clients want made, by documents.
namespace innkeeper::nodedev {

/// Reads a document; `validate` holds it against the schema first. The name in it does not count: who makes a device
/// names it.
Task<model::nodedev::Device> parse_device(std::string text, bool validate);

/// The adapter that a virtual port is to be made on: named, or by its worldwide names, or by the fabric, or any. Throws
/// the peer's errors for one that is missing or cannot have them.
DevicePtr vport_parent(const Catalog& catalog, const model::nodedev::Device& wanted);

/// The port's names in the document. Throws Error (internal_error) for a device that is no port.
enum class Missing { invented, refused };
model::nodedev::FcHost vport_names(const model::nodedev::Device& wanted, Missing missing);

}  // namespace innkeeper::nodedev
