#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/uuid.h"
#include "rpc/codec/xdr.h"

/// Sample values for every type on the wire: the same on every run. For tests and fuzz targets only.
namespace innkeeper::rpc {

/// Fills values. Bounded lists get one or two elements, but the one that is in focus as many as the test wants.
class Sampler {
  public:
    explicit Sampler(std::uint64_t seed = 1) : state_(seed) {}

    /// The list that is the `index`th to be filled gets `beyond` elements more than its limit.
    void focus(std::size_t index, int beyond) {
        focus_ = index;
        beyond_ = beyond;
    }
    std::size_t lists() const { return lists_; }

    template <class T>
        requires std::is_arithmetic_v<T>
    void fill(T& value) {
        if constexpr (std::is_same_v<T, bool>)
            value = (next() & 1) != 0;
        else if constexpr (std::is_floating_point_v<T>)
            value = static_cast<T>(next() & 0xffff) / 16;
        else
            value = static_cast<T>(next());
    }
    void fill(Uuid& uuid) {
        for (auto& byte : uuid.bytes) byte = static_cast<std::uint8_t>(next());
    }
    void fill(std::string& text) {
        static constexpr std::string_view letters = "abcdefghijklmnop";
        text.clear();
        for (std::uint64_t left = next() % 7; left > 0; --left) text += letters[next() % letters.size()];
    }
    template <class... Case>
    void fill_case(std::variant<Case...>& value) {
        const std::size_t wanted = next() % sizeof...(Case);
        std::size_t index = 0;
        (((index++ == wanted) ? fill(value.template emplace<Case>()) : void()), ...);
    }

    bool present() { return next() % 4 != 0; }

    template <class List>
    void resize(List& list, std::uint32_t limit) {
        std::size_t size = std::min<std::size_t>(limit, 1 + next() % 2);
        if (lists_++ == focus_) {
            size = static_cast<std::size_t>(limit) + static_cast<std::size_t>(beyond_);
            limit_ = limit;
        }
        list.clear();
        list.resize(size);
    }
    /// The limit of the list in focus, once it has been filled.
    std::uint32_t limit() const { return limit_; }

  private:
    std::uint64_t next() {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return state_ >> 33;
    }

    std::uint64_t state_;
    std::size_t focus_ = ~std::size_t{0}, lists_ = 0;
    int beyond_ = 0;
    std::uint32_t limit_ = 0;
};

/// What the tests do with a type, without knowing it.
struct TypeSample {
    std::string_view program;
    std::string_view name;
    /// The bytes of a sample.
    std::string (*encode)(Sampler& sampler);
    /// Whether a sample decodes from its bytes to an equal value.
    bool (*survives)(Sampler& sampler);
    /// Decodes (or throws) and encodes what came out.
    std::string (*recode)(std::string_view bytes);
};

template <class T>
TypeSample type_sample(std::string_view program, std::string_view name) {
    return {program, name,
            [](Sampler& sampler) {
                T value;
                fill(sampler, value);
                return encoded(value);
            },
            [](Sampler& sampler) {
                T value;
                fill(sampler, value);
                return decoded<T>(encoded(value)) == value;
            },
            [](std::string_view bytes) { return encoded(decoded<T>(bytes)); }};
}

/// Every struct on the wire.
std::vector<TypeSample> type_samples();

}  // namespace innkeeper::rpc
