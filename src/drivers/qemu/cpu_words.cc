#include "drivers/qemu/cpu_words.h"

#include <boost/json/array.hpp>
#include <map>
#include <tuple>

namespace innkeeper::qemu {

namespace json = boost::json;

namespace {

using Place = std::tuple<std::uint64_t, std::uint64_t, std::string>;  ///< leaf, subleaf, register

std::uint64_t number(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

std::string_view name_of(cpu::Register word) {
    switch (word) {
        case cpu::Register::eax:
            return "EAX";
        case cpu::Register::ebx:
            return "EBX";
        case cpu::Register::ecx:
            return "ECX";
        case cpu::Register::edx:
            return "EDX";
        case cpu::Register::msr:
            break;
    }
    return "";
}

cpu::FeatureSet features_in(const json::array& words) {
    std::map<Place, std::uint64_t> values;
    for (const json::value& item : words) {
        if (!item.is_object()) continue;
        const json::object& word = item.get_object();
        const json::value* name = word.if_contains("cpuid-register");
        if (name == nullptr || !name->is_string()) continue;
        const Place place{number(word, "cpuid-input-eax"), number(word, "cpuid-input-ecx"),
                          std::string(name->get_string())};
        values[place] = number(word, "features");
    }
    cpu::FeatureSet features;
    const auto all = cpu::x86_features();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const cpu::Bit& bit = all[i].bit;
        const auto found = values.find({bit.leaf, bit.subleaf, std::string(name_of(bit.word))});
        if (found != values.end()) features.set(i, ((found->second >> bit.number) & 1) != 0);
    }
    return features;
}

}  // namespace

std::vector<QmpCommand> feature_questions() {
    std::vector<QmpCommand> questions;
    for (const char* property : {"feature-words", "filtered-features"})
        questions.push_back(
            {.name = "qom-get", .arguments = {{"path", "/machine/unattached/device[0]"}, {"property", property}}});
    return questions;
}

std::optional<ToldFeatures> told_features(const QmpReply& enabled, const QmpReply& filtered) {
    if (!enabled || !enabled->is_array() || !filtered || !filtered->is_array()) return std::nullopt;
    return ToldFeatures{features_in(enabled->get_array()), features_in(filtered->get_array())};
}

}  // namespace innkeeper::qemu
