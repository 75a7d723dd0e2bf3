#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "loop/task.h"
#include "model/domain/storage_source.h"

/// qemu-img, for the images of guests that do not run, and for new ones.
namespace innkeeper::qemu {

/// Throws Error with what it said if it fails, or takes longer.
Task<> run_image_tool(std::vector<std::string> arguments, std::chrono::milliseconds limit = std::chrono::hours(1));

/// Arguments that make an empty image on top of another one.
std::vector<std::string> overlay_arguments(const model::StorageSource& overlay, const model::StorageSource& below);

}  // namespace innkeeper::qemu
