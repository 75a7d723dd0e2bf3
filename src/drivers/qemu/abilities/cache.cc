#include "drivers/qemu/abilities/cache.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <functional>

#include "base/files.h"

namespace innkeeper::qemu {

namespace json = boost::json;

namespace {

/// To be raised when the probe asks for more, or when what is written here changes.
constexpr int format_version = 2;

/// The first processor as the kernel describes it, without what changes from moment to moment.
std::string processor() {
    const auto text = read_file("/proc/cpuinfo", 64U << 20).value_or("");
    const std::string first = text.substr(0, text.find("\n\n"));
    std::string stable;
    for (std::size_t start = 0; start < first.size();) {
        const auto end = std::min(first.find('\n', start), first.size());
        const auto line = first.substr(start, end - start);
        if (!line.starts_with("cpu MHz") && !line.starts_with("bogomips") && !line.starts_with("BogoMIPS"))
            stable += line + "\n";
        start = end + 1;
    }
    return fmt::format("{:016x}", std::hash<std::string>()(stable));
}

const std::string& host() {
    static const std::string text = [] {
        utsname names{};
        ::uname(&names);
        return fmt::format("{} {} {} {}", names.release, names.version, names.machine, processor());
    }();
    return text;
}

template <class Set>
json::array list(const Set& names) {
    json::array out;
    for (const auto& name : names) out.emplace_back(name);
    return out;
}
template <class Set>
void read(const json::value& value, Set& into) {
    for (const auto& item : value.as_array()) into.insert(into.end(), std::string(item.as_string()));
}

json::array cpu_list(const std::vector<CpuModel>& models) {
    json::array out;
    for (const auto& model : models)
        out.push_back({{"name", model.name},
                       {"type", model.type},
                       {"deprecated", model.deprecated},
                       {"unavailable", list(model.unavailable)},
                       {"tells-unavailable", model.tells_unavailable}});
    return out;
}
std::vector<CpuModel> read_cpus(const json::value& value) {
    std::vector<CpuModel> models;
    for (const auto& item : value.as_array()) {
        CpuModel model;
        model.name = item.at("name").as_string();
        model.type = item.at("type").as_string();
        model.deprecated = item.at("deprecated").as_bool();
        read(item.at("unavailable"), model.unavailable);
        model.tells_unavailable = item.at("tells-unavailable").as_bool();
        models.push_back(std::move(model));
    }
    return models;
}

json::array machine_list(const std::vector<MachineType>& machines) {
    json::array out;
    for (const auto& machine : machines)
        out.push_back({{"name", machine.name},
                       {"alias", machine.alias},
                       {"max-cpus", machine.max_cpus},
                       {"hotpluggable-cpus", machine.hotpluggable_cpus},
                       {"numa-memory", machine.numa_memory},
                       {"deprecated", machine.deprecated},
                       {"default", machine.is_default},
                       {"default-cpu", machine.default_cpu},
                       {"default-ram", machine.default_ram}});
    return out;
}
std::vector<MachineType> read_machines(const json::value& value) {
    std::vector<MachineType> machines;
    for (const auto& item : value.as_array()) {
        MachineType machine;
        machine.name = item.at("name").as_string();
        machine.alias = item.at("alias").as_string();
        machine.max_cpus = item.at("max-cpus").to_number<std::uint32_t>();
        machine.hotpluggable_cpus = item.at("hotpluggable-cpus").as_bool();
        machine.numa_memory = item.at("numa-memory").as_bool();
        machine.deprecated = item.at("deprecated").as_bool();
        machine.is_default = item.at("default").as_bool();
        machine.default_cpu = item.at("default-cpu").as_string();
        machine.default_ram = item.at("default-ram").as_string();
        machines.push_back(std::move(machine));
    }
    return machines;
}

json::value expansion(const std::optional<CpuExpansion>& cpu) {
    if (!cpu) return nullptr;
    return json::object{{"vendor", cpu->vendor},
                        {"family", cpu->family},
                        {"model", cpu->model},
                        {"stepping", cpu->stepping},
                        {"features", list(cpu->features)}};
}
std::optional<CpuExpansion> read_expansion(const json::value& value) {
    if (value.is_null()) return std::nullopt;
    CpuExpansion cpu;
    cpu.vendor = value.at("vendor").as_string();
    cpu.family = value.at("family").to_number<std::uint32_t>();
    cpu.model = value.at("model").to_number<std::uint32_t>();
    cpu.stepping = value.at("stepping").to_number<std::uint32_t>();
    read(value.at("features"), cpu.features);
    return cpu;
}

template <class Map>
json::object map_of_lists(const Map& map) {
    json::object out;
    for (const auto& [name, values] : map) out[name] = list(values);
    return out;
}
template <class Map>
void read_map(const json::value& value, Map& into) {
    for (const auto& [name, values] : value.as_object()) read(values, into[std::string(name)]);
}

Capabilities read_all(const json::value& from) {
    Capabilities result;
    result.binary = from.at("binary").as_string();
    result.major = from.at("major").to_number<std::uint32_t>();
    result.minor = from.at("minor").to_number<std::uint32_t>();
    result.micro = from.at("micro").to_number<std::uint32_t>();
    result.package = from.at("package").as_string();
    result.arch = from.at("arch").as_string();
    result.kvm = from.at("kvm").as_bool();
    result.machines = read_machines(from.at("machines"));
    read(from.at("types"), result.types);
    read_map(from.at("properties"), result.properties);
    read(from.at("commands"), result.commands);
    read(from.at("events"), result.events);
    read(from.at("schema"), result.schema);
    read_map(from.at("options"), result.options);
    result.kvm_cpus = read_cpus(from.at("kvm-cpus"));
    result.tcg_cpus = read_cpus(from.at("tcg-cpus"));
    result.kvm_most = read_expansion(from.at("kvm-most"));
    result.tcg_most = read_expansion(from.at("tcg-most"));
    read(from.at("gic-emulated"), result.gic_emulated);
    read(from.at("gic-kernel"), result.gic_kernel);
    read(from.at("tpm-models"), result.tpm_models);
    read(from.at("tpm-types"), result.tpm_types);
    read(from.at("migration"), result.migration);
    return result;
}

}  // namespace

std::string fingerprint(const std::string& binary) {
    struct stat file {};
    if (::stat(binary.c_str(), &file) != 0) return {};
    struct stat kvm {};
    const bool has_kvm = ::stat("/dev/kvm", &kvm) == 0;
    const bool may_kvm = has_kvm && ::access("/dev/kvm", R_OK | W_OK) == 0;
    return fmt::format("{} {}:{} {} {}.{} {}.{} kvm {}{} uid {} host {}", format_version, file.st_dev, file.st_ino,
                       file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec, file.st_ctim.tv_sec,
                       file.st_ctim.tv_nsec, has_kvm, may_kvm, ::geteuid(), host());
}

std::string to_cache_text(const Capabilities& from, const std::string& fingerprint) {
    const json::object capabilities{{"binary", from.binary},
                                    {"major", from.major},
                                    {"minor", from.minor},
                                    {"micro", from.micro},
                                    {"package", from.package},
                                    {"arch", from.arch},
                                    {"kvm", from.kvm},
                                    {"machines", machine_list(from.machines)},
                                    {"types", list(from.types)},
                                    {"properties", map_of_lists(from.properties)},
                                    {"commands", list(from.commands)},
                                    {"events", list(from.events)},
                                    {"schema", list(from.schema)},
                                    {"options", map_of_lists(from.options)},
                                    {"kvm-cpus", cpu_list(from.kvm_cpus)},
                                    {"tcg-cpus", cpu_list(from.tcg_cpus)},
                                    {"kvm-most", expansion(from.kvm_most)},
                                    {"tcg-most", expansion(from.tcg_most)},
                                    {"gic-emulated", list(from.gic_emulated)},
                                    {"gic-kernel", list(from.gic_kernel)},
                                    {"tpm-models", list(from.tpm_models)},
                                    {"tpm-types", list(from.tpm_types)},
                                    {"migration", list(from.migration)}};
    return json::serialize(json::object{{"fingerprint", fingerprint}, {"capabilities", capabilities}}) + "\n";
}

std::optional<Capabilities> from_cache_text(const std::string& text, const std::string& fingerprint) {
    try {
        const json::value whole = json::parse(text);
        if (whole.at("fingerprint").as_string() != fingerprint) return std::nullopt;
        return read_all(whole.at("capabilities"));
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

std::string cache_file(const std::string& directory, const std::string& binary) {
    std::string name = binary.substr(binary.find_first_not_of('/'));
    std::ranges::replace(name, '/', '-');
    return directory + "/" + name + ".json";
}

}  // namespace innkeeper::qemu
