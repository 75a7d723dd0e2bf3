#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"

/// XDR, as WIRE.md section 1 describes it: big endian, everything a multiple of four bytes, small integers too.
namespace innkeeper::rpc {

/// Reads values from bytes that somebody else sent. Every length is checked against its limit and against the bytes
/// that are there before anything is allocated; what does not fit throws Error(rpc). Bytes that follow the last value,
/// padding that is not zero and booleans other than 0 and 1 are accepted, as the peer does.
class XdrReader {
  public:
    explicit XdrReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
    std::string_view rest() const { return {at_, remaining()}; }

    std::uint32_t get_uint32() {
        const char* bytes = take(4);
        std::uint32_t value;
        __builtin_memcpy(&value, bytes, 4);
        return std::byteswap(value);
    }
    std::uint64_t get_uint64() {
        const std::uint64_t high = get_uint32();
        return high << 32 | get_uint32();
    }
    std::int32_t get_int32() { return static_cast<std::int32_t>(get_uint32()); }
    std::int64_t get_int64() { return static_cast<std::int64_t>(get_uint64()); }
    /// Small integers lose the upper bits of their four bytes, as with the peer.
    std::int8_t get_int8() { return static_cast<std::int8_t>(get_uint32()); }
    std::uint8_t get_uint8() { return static_cast<std::uint8_t>(get_uint32()); }
    std::int16_t get_int16() { return static_cast<std::int16_t>(get_uint32()); }
    std::uint16_t get_uint16() { return static_cast<std::uint16_t>(get_uint32()); }
    double get_double() { return std::bit_cast<double>(get_uint64()); }
    bool get_bool() { return get_uint32() != 0; }

    Uuid get_uuid();
    /// A text of at most `limit` bytes. It ends at the first NUL, since nobody behind the wire sees what follows one.
    std::string get_string(std::uint32_t limit);
    std::vector<std::uint8_t> get_bytes(std::uint32_t limit);
    /// Characters that take four bytes each.
    std::string get_chars(std::uint32_t limit);
    /// The length of a list of at most `limit` elements of at least `element_size` bytes each.
    std::uint32_t get_count(std::uint32_t limit, std::uint32_t element_size);

    [[noreturn]] static void fail();

  private:
    const char* take(std::size_t size) {
        if (size > remaining()) fail();
        const char* bytes = at_;
        at_ += size;
        return bytes;
    }
    const char* take_padded(std::uint32_t limit, std::uint32_t& size);

    const char* at_;
    const char* end_;
};

/// Appends values to a buffer. A value over its limit throws Error(rpc): a peer could not read it.
class XdrWriter {
  public:
    explicit XdrWriter(std::string& out) : out_(out) {}

    void put_uint32(std::uint32_t value) {
        value = std::byteswap(value);
        out_.append(reinterpret_cast<const char*>(&value), 4);
    }
    void put_uint64(std::uint64_t value) {
        value = std::byteswap(value);
        out_.append(reinterpret_cast<const char*>(&value), 8);
    }
    void put_int32(std::int32_t value) { put_uint32(static_cast<std::uint32_t>(value)); }
    void put_int64(std::int64_t value) { put_uint64(static_cast<std::uint64_t>(value)); }
    void put_double(double value) { put_uint64(std::bit_cast<std::uint64_t>(value)); }
    void put_bool(bool value) { put_uint32(value ? 1 : 0); }

    void put_uuid(const Uuid& uuid);
    void put_string(std::string_view text, std::uint32_t limit);
    void put_bytes(std::span<const std::uint8_t> bytes, std::uint32_t limit);
    void put_chars(std::string_view text, std::uint32_t limit);
    void put_count(std::size_t count, std::uint32_t limit);

    std::string& buffer() { return out_; }

  private:
    void put_padded(const char* bytes, std::size_t size, std::uint32_t limit);

    std::string& out_;
};

/// The whole value as bytes, and back.
template <class T>
std::string encoded(const T& value) {
    std::string bytes;
    XdrWriter out(bytes);
    value.encode(out);
    return bytes;
}

template <class T>
T decoded(XdrReader& in) {
    T value;
    value.decode(in);
    return value;
}

template <class T>
T decoded(std::string_view bytes) {
    XdrReader in(bytes);
    return decoded<T>(in);
}

}  // namespace innkeeper::rpc
