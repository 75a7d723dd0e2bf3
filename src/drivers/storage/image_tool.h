#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loop/task.h"
#include "model/storage/volume.h"

/// qemu-img, for images that are more than a file of bytes.
namespace innkeeper::storage {

/// Its arguments: what makes the image that `volume` describes.
std::vector<std::string> create_arguments(const model::Volume& volume, bool preallocate_metadata);
std::vector<std::string> convert_arguments(const std::string& from, const std::string& format,
                                           const model::Volume& volume, bool preallocate_metadata);
std::vector<std::string> resize_arguments(const std::string& path, const std::string& format, std::uint64_t capacity,
                                          bool shrink);

/// Throws Error with what it said if it fails, or takes longer.
Task<> run_image_tool(std::vector<std::string> arguments, std::chrono::milliseconds limit);

}  // namespace innkeeper::storage
