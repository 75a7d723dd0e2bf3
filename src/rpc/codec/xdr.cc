#include "rpc/codec/xdr.h"

#include <cstring>

#include "base/error.h"

namespace innkeeper::rpc {

namespace {

constexpr std::size_t padding(std::size_t size) { return (4 - size % 4) % 4; }

[[noreturn]] void cannot_encode() { throw Error(ErrorCode::rpc, ErrorDomain::rpc, "Unable to encode message payload"); }

}  // namespace

void XdrReader::fail() { throw Error(ErrorCode::rpc, ErrorDomain::rpc, "Unable to decode message payload"); }

const char* XdrReader::take_padded(std::uint32_t limit, std::uint32_t& size) {
    size = get_uint32();
    if (size > limit) fail();
    const char* bytes = take(size);
    take(padding(size));
    return bytes;
}

Uuid XdrReader::get_uuid() {
    Uuid uuid;
    std::memcpy(uuid.bytes.data(), take(uuid.bytes.size()), uuid.bytes.size());
    return uuid;
}

std::string XdrReader::get_string(std::uint32_t limit) {
    std::uint32_t size = 0;
    const char* bytes = take_padded(limit, size);
    return std::string(bytes, strnlen(bytes, size));
}

std::vector<std::uint8_t> XdrReader::get_bytes(std::uint32_t limit) {
    std::uint32_t size = 0;
    const char* bytes = take_padded(limit, size);
    return std::vector<std::uint8_t>(bytes, bytes + size);
}

std::string XdrReader::get_chars(std::uint32_t limit) {
    const std::uint32_t count = get_count(limit, 4);
    std::string text(count, '\0');
    for (char& c : text) c = static_cast<char>(get_int8());
    return text;
}

std::uint32_t XdrReader::get_count(std::uint32_t limit, std::uint32_t element_size) {
    const std::uint32_t count = get_uint32();
    if (count > limit || std::uint64_t{count} * element_size > remaining()) fail();
    return count;
}

void XdrWriter::put_padded(const char* bytes, std::size_t size, std::uint32_t limit) {
    put_count(size, limit);
    out_.append(bytes, size);
    out_.append(padding(size), '\0');
}

void XdrWriter::put_uuid(const Uuid& uuid) {
    out_.append(reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size());
}

void XdrWriter::put_string(std::string_view text, std::uint32_t limit) {
    // A NUL would end the text for whoever reads it: what follows must not be sent.
    text = text.substr(0, text.find('\0'));
    put_padded(text.data(), text.size(), limit);
}

void XdrWriter::put_bytes(std::span<const std::uint8_t> bytes, std::uint32_t limit) {
    put_padded(reinterpret_cast<const char*>(bytes.data()), bytes.size(), limit);
}

void XdrWriter::put_chars(std::string_view text, std::uint32_t limit) {
    put_count(text.size(), limit);
    for (const char c : text) put_int32(c);
}

void XdrWriter::put_count(std::size_t count, std::uint32_t limit) {
    if (count > limit) cannot_encode();
    put_uint32(static_cast<std::uint32_t>(count));
}

}  // namespace innkeeper::rpc
