#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/storage/volume.h"

/// What the head of a disk image says about it. The image may have been written by a guest: nothing in it is followed,
/// every length is bounded, and what does not make sense makes the image a raw one.
namespace innkeeper::image {

struct ImageFacts {
    std::string format = "raw";
    std::optional<std::uint64_t> capacity;  ///< absent: as many bytes as the file has
    std::string backing, backing_format;    ///< as the image names them
    std::string compat;
    std::optional<std::uint64_t> cluster_size;
    std::optional<model::ImageFeatures> features;
    bool is_luks = false;
    bool operator==(const ImageFacts&) const = default;
};

/// Reads at most some kilobytes. Blocks.
ImageFacts read_image_header(int fd, std::uint64_t file_size);

}  // namespace innkeeper::image
