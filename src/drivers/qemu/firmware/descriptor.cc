#include "drivers/qemu/firmware/descriptor.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <map>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::qemu {

namespace json = boost::json;
using model::Architecture;

namespace {

constexpr std::size_t largest_descriptor = 1 << 20;

/// Whether the text is of the pattern. Goes back to the last star only, so that its time is bounded by the product of
/// both lengths.
bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = pattern.npos, after_star = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            after_star = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p, ++t;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++after_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == pattern.npos;
}

[[noreturn]] void refuse(std::string sentence) { throw Error(ErrorCode::internal_error, std::move(sentence)); }

/// Reads the members of one descriptor, which lies at `path`.
class Reader {
  public:
    explicit Reader(std::string_view path) : path_(path) {}

    FirmwareDescriptor read(std::string_view text) const {
        boost::system::error_code failure;
        const json::value whole = json::parse(text, failure);
        if (failure) refuse(fmt::format("unable to parse json file '{}'", path_));
        FirmwareDescriptor found;
        for (const auto& word : list(whole, "interface-types")) {
            const auto known = xml::value_of<FirmwareDescriptor::Interface>(text_of(word));
            if (!known) refuse(fmt::format("unknown interface type: '{}'", text_of(word)));
            found.interfaces.insert(*known);
        }
        read_mapping(member(whole, "mapping"), found);
        for (const auto& target : list(whole, "targets")) found.targets.push_back(read_target(target));
        for (const auto& feature : list(whole, "features")) found.features.emplace(text_of(feature));
        return found;
    }

  private:
    const json::value& member(const json::value& of, std::string_view name) const {
        const json::object* object = of.if_object();
        const json::value* value = object != nullptr ? object->if_contains(name) : nullptr;
        if (value == nullptr) missing(name);
        return *value;
    }
    [[noreturn]] void missing(std::string_view name) const {
        const bool is_quoted = name != "mapping";
        refuse(fmt::format("missing {0}{1}{0} in '{2}'", is_quoted ? "'" : "", name, path_));
    }

    const json::array& list(const json::value& of, std::string_view name) const {
        const json::object* object = of.if_object();
        const json::value* value = object != nullptr ? object->if_contains(name) : nullptr;
        if (value == nullptr || !value->is_array()) refuse(fmt::format("failed to get {} from '{}'", name, path_));
        return value->get_array();
    }

    static std::string_view text_of(const json::value& value) {
        return value.is_string() ? std::string_view(value.get_string()) : std::string_view();
    }
    std::string text(const json::value& of, std::string_view name) const {
        const json::value& value = member(of, name);
        if (!value.is_string()) missing(name);
        return std::string(value.get_string());
    }

    FirmwareDescriptor::Image read_image(const json::value& of) const {
        return {text(of, "filename"), text(of, "format")};
    }

    void read_mapping(const json::value& mapping, FirmwareDescriptor& found) const {
        using Device = FirmwareDescriptor::Device;
        using Mode = FirmwareDescriptor::Mode;
        const auto device = xml::value_of<Device>(text(mapping, "device"));
        if (!device) refuse(fmt::format("unknown device type in '{}'", path_));
        found.device = *device;
        if (found.device != Device::flash) {
            found.code.path = text(mapping, "filename");
            return;
        }
        if (const json::value* mode = mapping.get_object().if_contains("mode")) {
            const auto known = xml::value_of<Mode>(text_of(*mode));
            if (!known) refuse(fmt::format("Firmware flash mode value '{}' unexpected", text_of(*mode)));
            found.mode = *known;
        }
        found.code = read_image(member(mapping, "executable"));
        if (found.mode == Mode::split) found.variables = read_image(member(mapping, "nvram-template"));
    }

    FirmwareDescriptor::Target read_target(const json::value& target) const {
        const std::string arch = text(target, "architecture");
        const auto known = xml::value_of<Architecture>(arch);
        if (!known) refuse(fmt::format("unknown architecture '{}'", arch));
        FirmwareDescriptor::Target found{*known, {}};
        const json::value& machines = member(target, "machines");
        if (!machines.is_array()) missing("machines");
        for (const auto& machine : machines.get_array()) found.machines.emplace_back(text_of(machine));
        return found;
    }

    std::string_view path_;
};

}  // namespace

bool FirmwareDescriptor::serves(Architecture arch, std::string_view machine) const {
    return std::ranges::any_of(targets, [&](const Target& target) {
        return target.arch == arch && std::ranges::any_of(target.machines, [&](const std::string& pattern) {
                   return matches(pattern, machine);
               });
    });
}

FirmwareDescriptor parse_firmware_descriptor(std::string_view text, std::string_view path) {
    return Reader(path).read(text);
}

std::vector<FirmwareDescriptor> read_firmware_descriptors(const std::vector<std::string>& folders) {
    std::map<std::string, std::string> files;
    for (const auto& folder : folders)
        for (const auto& name : list_directory(folder))
            if (!name.starts_with('.')) files.try_emplace(name, folder + "/" + name);
    std::vector<FirmwareDescriptor> found;
    for (const auto& [name, path] : files)
        if (const auto text = read_file(path, largest_descriptor); text && !text->empty())
            found.push_back(parse_firmware_descriptor(*text, path));
    return found;
}

}  // namespace innkeeper::qemu
