#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <variant>

#include "base/error.h"
#include "drivers/storage/pools.h"
#include "loop/pool.h"
#include "objects/requests.h"
#include "protocol/constants.h"

/// Volumes on their way to and from clients: a coroutine for each, a piece at a time.
namespace innkeeper::storage {

namespace remote = protocol::remote;

namespace {

constexpr std::size_t piece = 1U << 20;

std::string read_piece(int fd, std::uint64_t offset, std::size_t most) {
    std::string bytes(most, '\0');
    for (;;) {
        const ssize_t n = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw Error::system(errno, "cannot read from storage volume");
        bytes.resize(static_cast<std::size_t>(n));
        return bytes;
    }
}

void write_piece(int fd, std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw Error::system(errno, "cannot write to storage volume");
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

void no_holes(std::uint32_t flags) {
    if (flags != 0) throw Error(ErrorCode::no_support, "sparse streams of storage volumes");
}

}  // namespace

Task<> Pools::volume_download(rpc::Caller caller, remote::StorageVolDownloadArgs args) {
    objects::allow_flags(args.flags, protocol::VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM, ErrorDomain::storage,
                         "storageVolDownload");
    no_holes(args.flags);
    const auto place = find_volume(args.vol);
    if (place.pool->is_busy(place.volume))
        throw Error(ErrorCode::operation_invalid, fmt::format("volume '{}' is still being allocated.", place.volume));
    auto fd = std::make_shared<Fd>(co_await in_thread(
        [folder = place.pool->target(), name = place.volume] { return open_volume(folder, name, Access::read); }));
    transfers_.spawn(download(caller.session->open_stream(*caller.row, caller.serial, false), std::move(fd),
                              args.offset, args.length));
}

Task<> Pools::download(std::shared_ptr<rpc::Stream> stream, std::shared_ptr<Fd> fd, std::uint64_t offset,
                       std::uint64_t length) {
    try {
        std::uint64_t left = length == 0 ? UINT64_MAX : length;
        while (left > 0) {
            const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece));
            auto bytes = co_await in_pool([fd, offset, most] { return read_piece(fd->get(), offset, most); });
            if (bytes.empty()) break;
            offset += bytes.size();
            left -= bytes.size();
            co_await stream->write(std::move(bytes));
        }
        co_await stream->finish_writing();
        co_await stream->finished();
        stream->complete();
    } catch (const Error& error) {
        stream->fail(error);
    }
}

Task<> Pools::volume_upload(rpc::Caller caller, remote::StorageVolUploadArgs args) {
    objects::allow_flags(args.flags, protocol::VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM, ErrorDomain::storage,
                         "storageVolUpload");
    no_holes(args.flags);
    const auto place = find_volume(args.vol);
    if (place.pool->is_busy(place.volume))
        throw Error(ErrorCode::operation_invalid, fmt::format("volume '{}' is still in use.", place.volume));
    auto fd = std::make_shared<Fd>(co_await in_thread(
        [folder = place.pool->target(), name = place.volume] { return open_volume(folder, name, Access::write); }));
    transfers_.spawn(upload(caller.session->open_stream(*caller.row, caller.serial, false), place, std::move(fd),
                            args.offset, args.length));
}

Task<> Pools::upload(std::shared_ptr<rpc::Stream> stream, Place place, std::shared_ptr<Fd> fd, std::uint64_t offset,
                     std::uint64_t length) {
    try {
        const auto claim = Pool::claim(place.pool, place.volume);
        std::uint64_t left = length == 0 ? UINT64_MAX : length;
        while (auto chunk = co_await stream->read()) {
            auto* bytes = std::get_if<std::string>(&*chunk);
            if (bytes == nullptr) throw Error(ErrorCode::operation_invalid, "the stream is not sparse");
            if (bytes->size() > left) throw Error::system(ENOSPC, "cannot write to stream");
            const auto size = bytes->size();
            co_await in_pool([fd, offset, text = std::move(*bytes)] { write_piece(fd->get(), offset, text); });
            offset += size;
            left -= size;
        }
        // What was brought may be an image of another kind than what was there.
        const auto seen = co_await in_thread([fd, folder = place.pool->target(), name = place.volume] {
            if (::fdatasync(fd->get()) < 0) throw Error::system(errno, "cannot sync storage volume");
            return scan_volume(folder, name);
        });
        const auto now = place.pool->volumes().find(place.volume);
        if (now != place.pool->volumes().end()) now->second = seen;
        stream->complete();
    } catch (const Error& error) {
        stream->fail(error);
    }
}

}  // namespace innkeeper::storage
