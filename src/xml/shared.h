#pragma once

#include <memory>

#include "xml/parts.h"

namespace innkeeper::xml {

/// An element that may be absent, kept as an immutable value that others hold too.
template <class M>
struct HolderOf<std::shared_ptr<const M>> {
    using Value = M;
    using Shared = std::shared_ptr<const M>;
    static void* add(void* member) {
        auto made = std::make_shared<M>();
        *static_cast<Shared*>(member) = made;
        return made.get();
    }
    static std::size_t count(const void* member) { return *static_cast<const Shared*>(member) != nullptr; }
    static const void* at(const void* member, std::size_t) { return static_cast<const Shared*>(member)->get(); }
    static constexpr Holder table{add, count, at};
};

}  // namespace innkeeper::xml
