#include "image/chain.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "image/header.h"

namespace innkeeper::image {

namespace {

bool can_be_backed(const std::string& format) {
    return format == "qcow2" || format == "qcow" || format == "qed" || format == "vmdk" || format == "cow";
}

struct Opened {
    ImageFacts facts;
    bool is_block = false;
    dev_t device = 0;
    ino_t inode = 0;
};

/// `above` is empty for the first.
Opened open_image(const std::string& path, const std::string& above) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0)
        throw Error::system(errno,
                            above.empty()
                                ? fmt::format("Cannot access storage file '{}'", path)
                                : fmt::format("Cannot access backing file '{}' of storage file '{}'", path, above),
                            ErrorDomain::storage);
    Opened opened;
    opened.is_block = S_ISBLK(status.st_mode);
    opened.device = status.st_dev;
    opened.inode = status.st_ino;
    if (S_ISREG(status.st_mode) || opened.is_block)
        opened.facts = read_image_header(file.get(), static_cast<std::uint64_t>(status.st_size));
    return opened;
}

/// "nbd://host/export", "json:{…}", "rbd:pool/image".
bool is_local(const std::string& backing) {
    const auto colon = backing.find(':');
    return colon == std::string::npos || colon > backing.find('/');
}

}  // namespace

Chain chain_below(const std::string& path, const std::string& format) {
    Chain chain;
    std::string above = path, above_format = format;
    std::vector<std::pair<dev_t, ino_t>> seen;
    Opened image;
    if (can_be_backed(format)) {
        image = open_image(path, "");
        seen.emplace_back(image.device, image.inode);
    }
    while (can_be_backed(above_format) && !image.facts.backing.empty()) {
        std::string below = image.facts.backing;
        if (!is_local(below)) {
            chain.is_whole = false;
            return chain;
        }
        if (!below.starts_with('/')) below = parent_of(above) + "/" + below;
        Layer layer{below, image.facts.backing_format, false};
        image = open_image(below, above);
        if (chain.layers.size() == longest_chain ||
            std::ranges::find(seen, std::pair(image.device, image.inode)) != seen.end())
            throw Error(ErrorCode::internal_error, ErrorDomain::storage,
                        fmt::format("backing store for {} is self-referential or too deeply nested", path));
        seen.emplace_back(image.device, image.inode);
        layer.is_block = image.is_block;
        if (layer.format.empty()) {
            layer.format = image.facts.format;
            if (layer.format != "raw")
                throw Error(ErrorCode::operation_failed, ErrorDomain::storage,
                            fmt::format("format of backing image '{}' of image '{}' was not specified in the image "
                                        "metadata: set it with qemu-img rebase -u -F",
                                        below, above));
        }
        above = below;
        above_format = layer.format;
        chain.layers.push_back(std::move(layer));
    }
    return chain;
}

}  // namespace innkeeper::image
