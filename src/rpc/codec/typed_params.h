#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/transport.h"

/// Lists of named values of mixed types: statistics, tuning parameters, events.
namespace innkeeper::rpc {

using protocol::TypedParam;
using protocol::TypedParamValue;
using TypedParams = std::vector<TypedParam>;

/// The type of a value, numbered as on the wire.
enum class ParamType : std::int32_t { int_ = 1, uint_, llong, ullong, double_, boolean, string };

inline ParamType type_of(const TypedParam& param) {
    return static_cast<ParamType>(static_cast<std::int32_t>(param.value.index()) + 1);
}
std::string_view type_name(ParamType type);

/// The setters name the type, since the type is part of what clients see: an unsigned number is not a long one.
/// A client throws a whole reply away when a name in it has 80 bytes or more: such a parameter is left out.
void add_int(TypedParams& params, std::string_view name, std::int32_t value);
void add_uint(TypedParams& params, std::string_view name, std::uint32_t value);
void add_llong(TypedParams& params, std::string_view name, std::int64_t value);
void add_ullong(TypedParams& params, std::string_view name, std::uint64_t value);
void add_double(TypedParams& params, std::string_view name, double value);
void add_boolean(TypedParams& params, std::string_view name, bool value);
void add_string(TypedParams& params, std::string_view name, std::string value);

/// A parameter that a procedure takes.
struct ParamRule {
    std::string_view name;
    ParamType type;
    bool repeats = false;  ///< may be given more than once
};

/// Throws for a parameter that no rule names (argument_unsupported), of another type or given twice (invalid_arg).
void check(const TypedParams& params, std::initializer_list<ParamRule> rules);

/// The first value of that name. Another type than the one asked for throws Error(invalid_arg).
const TypedParam* find(const TypedParams& params, std::string_view name);
std::optional<std::int32_t> find_int(const TypedParams& params, std::string_view name);
std::optional<std::uint32_t> find_uint(const TypedParams& params, std::string_view name);
std::optional<std::int64_t> find_llong(const TypedParams& params, std::string_view name);
std::optional<std::uint64_t> find_ullong(const TypedParams& params, std::string_view name);
std::optional<double> find_double(const TypedParams& params, std::string_view name);
std::optional<bool> find_boolean(const TypedParams& params, std::string_view name);
std::optional<std::string> find_string(const TypedParams& params, std::string_view name);
std::vector<std::string> find_strings(const TypedParams& params, std::string_view name);

/// The bit of `flags` by which a client says that it takes strings (VIR_TYPED_PARAM_STRING_OKAY).
inline constexpr std::uint32_t strings_okay = 4;
/// Leaves out what the client cannot take: without that bit, strings.
TypedParams readable(TypedParams params, std::uint32_t flags);

/// Getters ask twice: for the number with room for none, then for so many at most. Fills `params` and `nparams` of the
/// reply accordingly; more than there is room for would make the client fail.
template <class Ret, class Count>
void answer(Ret& ret, TypedParams all, Count room) {
    if (room == 0) {
        ret.nparams = static_cast<decltype(ret.nparams)>(all.size());
        return;
    }
    if (room > 0 && all.size() > static_cast<std::size_t>(room)) all.resize(static_cast<std::size_t>(room));
    ret.params = std::move(all);
    ret.nparams = 0;
}

}  // namespace innkeeper::rpc
