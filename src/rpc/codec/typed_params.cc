#include "rpc/codec/typed_params.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/no_domain.h"

namespace innkeeper::rpc {

namespace {

constexpr std::size_t field_size = 80;

template <std::size_t index, class T>
void add(TypedParams& params, std::string_view name, T value) {
    if (name.size() >= field_size) return;
    auto& added = params.emplace_back();
    added.field = name;
    added.value.emplace<index>(std::move(value));
}

void check_type(const TypedParam& param, ParamType wanted) {
    if (type_of(param) == wanted) return;
    throw Error(ErrorCode::invalid_arg, no_domain,
                fmt::format("invalid type '{}' for parameter '{}', expected '{}'", type_name(type_of(param)),
                            param.field, type_name(wanted)));
}

template <std::size_t index>
auto get(const TypedParams& params, std::string_view name)
    -> std::optional<std::variant_alternative_t<index, TypedParamValue>> {
    const TypedParam* param = find(params, name);
    if (param == nullptr) return std::nullopt;
    check_type(*param, static_cast<ParamType>(index + 1));
    return std::get<index>(param->value);
}

}  // namespace

std::string_view type_name(ParamType type) {
    switch (type) {
        case ParamType::int_:
            return "int";
        case ParamType::uint_:
            return "uint";
        case ParamType::llong:
            return "llong";
        case ParamType::ullong:
            return "ullong";
        case ParamType::double_:
            return "double";
        case ParamType::boolean:
            return "boolean";
        case ParamType::string:
            return "string";
    }
    return "unknown";
}

void add_int(TypedParams& params, std::string_view name, std::int32_t value) { add<0>(params, name, value); }
void add_uint(TypedParams& params, std::string_view name, std::uint32_t value) { add<1>(params, name, value); }
void add_llong(TypedParams& params, std::string_view name, std::int64_t value) { add<2>(params, name, value); }
void add_ullong(TypedParams& params, std::string_view name, std::uint64_t value) { add<3>(params, name, value); }
void add_double(TypedParams& params, std::string_view name, double value) { add<4>(params, name, value); }
void add_boolean(TypedParams& params, std::string_view name, bool value) { add<5>(params, name, value); }
void add_string(TypedParams& params, std::string_view name, std::string value) {
    add<6>(params, name, std::move(value));
}

void check(const TypedParams& params, std::initializer_list<ParamRule> rules) {
    for (std::size_t i = 0; i < params.size(); ++i) {
        const TypedParam& param = params[i];
        const auto rule = std::ranges::find(rules, param.field, &ParamRule::name);
        if (rule == rules.end())
            throw Error(ErrorCode::argument_unsupported, no_domain,
                        fmt::format("parameter '{}' not supported", param.field));
        check_type(param, rule->type);
        // What was seen before is all known, so that the search is bounded by the rules unless they repeat.
        if (!rule->repeats && find(params, param.field) != &param)
            throw Error(ErrorCode::invalid_arg, no_domain,
                        fmt::format("parameter '{}' occurs multiple times", param.field));
    }
}

const TypedParam* find(const TypedParams& params, std::string_view name) {
    const auto at = std::ranges::find(params, name, &TypedParam::field);
    return at == params.end() ? nullptr : &*at;
}

std::optional<std::int32_t> find_int(const TypedParams& params, std::string_view name) { return get<0>(params, name); }
std::optional<std::uint32_t> find_uint(const TypedParams& params, std::string_view name) {
    return get<1>(params, name);
}
std::optional<std::int64_t> find_llong(const TypedParams& params, std::string_view name) {
    return get<2>(params, name);
}
std::optional<std::uint64_t> find_ullong(const TypedParams& params, std::string_view name) {
    return get<3>(params, name);
}
std::optional<double> find_double(const TypedParams& params, std::string_view name) { return get<4>(params, name); }
std::optional<bool> find_boolean(const TypedParams& params, std::string_view name) { return get<5>(params, name); }
std::optional<std::string> find_string(const TypedParams& params, std::string_view name) {
    return get<6>(params, name);
}

std::vector<std::string> find_strings(const TypedParams& params, std::string_view name) {
    std::vector<std::string> found;
    for (const auto& param : params) {
        if (param.field != name) continue;
        check_type(param, ParamType::string);
        found.push_back(std::get<std::string>(param.value));
    }
    return found;
}

TypedParams readable(TypedParams params, std::uint32_t flags) {
    if ((flags & strings_okay) == 0)
        std::erase_if(params, [](const TypedParam& param) { return type_of(param) == ParamType::string; });
    return params;
}

}  // namespace innkeeper::rpc
