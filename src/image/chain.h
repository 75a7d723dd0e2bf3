#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// The layers below a copy-on-write image, as the heads of the images name them.
namespace innkeeper::image {

struct Layer {
    std::string path;
    std::string format;
    bool is_block = false;  ///< a block device, not a file
    bool operator==(const Layer&) const = default;
};

struct Chain {
    std::vector<Layer> layers;  ///< from the one right below the image down
    /// False if the last layer names something that is no local file (a URL, QEMU's own JSON): what is below is
    /// QEMU's to find.
    bool is_whole = true;
};

inline constexpr std::size_t longest_chain = 200;

/// What lies below the image at `path`, of which the caller says the format. A layer without a format in the head of
/// the one above is taken for raw if it looks raw, and refused otherwise: a guest that can write a head must not make
/// the host open another file. Throws Error: what cannot be read, a chain that comes back to itself or is too long.
/// Blocks: for the pool.
Chain chain_below(const std::string& path, const std::string& format);

}  // namespace innkeeper::image
