#pragma once

#include "model/domain/device.h"

/// What a device document does to a definition. The definition is not settled afterwards: that is the caller's, once
/// for all that he changes. Each throws what the peer says where the document does not fit.
namespace innkeeper::guests {

/// Adds the device behind the others of its kind, whatever they are.
void put(model::Devices& devices, model::Device device);

/// Adds the device where the kind's rules allow it.
void attach(model::Devices& devices, model::Device device);
/// Gives the number that one has who comes without.
void number(const model::Devices& devices, model::Controller& controller);
/// Removes the device that the document describes.
void detach(model::Devices& devices, const model::Device& device);
/// Puts the device in the place of the one that it is meant to be.
void update(model::Devices& devices, model::Device device);

/// A copy of the device that has this name.
model::Device find_by_alias(const model::Devices& devices, std::string_view alias);
/// Removes it; false: there is none.
bool erase_alias(model::Devices& devices, std::string_view alias);

/// Of those whose element has that name, which must be there, the last; and its place and name, if its kind has such.
model::Device last_of(const model::Devices& devices, std::string_view element);
model::DeviceInfo* last_info(model::Devices& devices, std::string_view element);

}  // namespace innkeeper::guests
