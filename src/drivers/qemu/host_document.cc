#include "drivers/qemu/host_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "base/uuid.h"
#include "cpu/host.h"
#include "drivers/qemu/abilities/arch.h"
#include "host/cpus.h"
#include "host/memory.h"

namespace innkeeper::qemu {

namespace {

using Attributes = std::initializer_list<std::pair<std::string_view, std::string>>;

void attributes(xml::Writer& out, Attributes all) {
    for (const auto& [name, value] : all) out.attribute(name, value);
}
void leaf(xml::Writer& out, std::string_view tag, Attributes all) {
    out.open(tag);
    attributes(out, all);
    out.close();
}
void leaf(xml::Writer& out, std::string_view tag, Attributes all, std::uint64_t value) {
    out.open(tag);
    attributes(out, all);
    out.text(std::to_string(value));
    out.close();
}

/// The board's own, as the peer has it; else the installation's.
std::string host_uuid() {
    for (const char* path : {"/sys/class/dmi/id/product_uuid", "/etc/machine-id"}) {
        std::optional<std::string> text;
        try {
            text = read_file(path, 256);
        } catch (const Error&) {
            continue;
        }
        if (const auto uuid = text ? Uuid::parse(*text) : std::nullopt; uuid && uuid->is_valid()) return uuid->text();
    }
    static const std::string random = Uuid::random().text();
    return random;
}

/// "0-3,8".
std::string ranges(const std::vector<unsigned>& numbers) {
    std::string text;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t last = i;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
        if (!text.empty()) text += ',';
        text += last == i ? std::to_string(numbers[i]) : fmt::format("{}-{}", numbers[i], numbers[last]);
        i = last + 1;
    }
    return text;
}

void write_power_management(xml::Writer& out, const host::KernelFiles& files) {
    const std::string states = files.text("/sys/power/state");
    out.open("power_management");
    if (states.contains("mem")) out.leaf("suspend_mem");
    if (states.contains("disk")) {
        out.leaf("suspend_disk");
        if (states.contains("mem")) out.leaf("suspend_hybrid");
    }
    out.close();
}

void write_cell(xml::Writer& out, const host::KernelFiles& files, const host::Cell& cell) {
    out.open("cell");
    out.attribute("id", std::to_string(cell.id));
    leaf(out, "memory", {{"unit", "KiB"}}, cell.total_kib);
    for (const auto& pool : cell.pools)
        leaf(out, "pages", {{"unit", "KiB"}, {"size", std::to_string(pool.size_kib)}}, pool.total);
    if (!cell.distances.empty()) {
        out.open("distances");
        for (const auto& [node, distance] : cell.distances)
            leaf(out, "sibling", {{"id", std::to_string(node)}, {"value", std::to_string(distance)}});
        out.close();
    }
    out.open("cpus");
    out.attribute("num", std::to_string(cell.cpus.size()));
    const auto online = host::online_cpus(files);
    for (const unsigned id : cell.cpus) {
        if (std::ranges::find(online, id) == online.end()) {
            leaf(out, "cpu", {{"id", std::to_string(id)}});
            continue;
        }
        const host::Cpu cpu = host::cpu(files, id);
        leaf(out, "cpu",
             {{"id", std::to_string(id)},
              {"socket_id", std::to_string(cpu.socket)},
              {"die_id", std::to_string(cpu.die)},
              {"core_id", std::to_string(cpu.core)},
              {"siblings", ranges(cpu.siblings)}});
    }
    out.close();
    out.close();
}

void write_topology(xml::Writer& out, const host::KernelFiles& files) {
    const auto cells = host::cells(files);
    out.open("topology");
    out.open("cells");
    out.attribute("num", std::to_string(cells.size()));
    for (const auto& cell : cells) write_cell(out, files, cell);
    out.close();
    out.close();
}

void write_caches(xml::Writer& out, const host::KernelFiles& files) {
    const auto banks = host::last_level_caches(files);
    if (banks.empty()) return;
    out.open("cache");
    for (const auto& bank : banks) {
        const bool whole = bank.size_kib % 1024 == 0;
        leaf(out, "bank",
             {{"id", std::to_string(bank.id)},
              {"level", std::to_string(bank.level)},
              {"type", bank.type},
              {"size", std::to_string(whole ? bank.size_kib / 1024 : bank.size_kib)},
              {"unit", whole ? "MiB" : "KiB"},
              {"cpus", ranges(bank.cpus)}});
    }
    out.close();
}

void write_security_models(xml::Writer& out, std::string_view dac) {
    out.open("secmodel");
    out.leaf("model", "none");
    out.leaf("doi", "0");
    out.close();
    out.open("secmodel");
    out.leaf("model", "dac");
    out.leaf("doi", "0");
    for (const std::string_view type : {"kvm", "qemu"}) {
        out.open("baselabel");
        out.attribute("type", type);
        out.text(dac);
        out.close();
    }
    out.close();
}

}  // namespace

void write_host(xml::Writer& out, std::string_view dac) {
    const host::KernelFiles files;
    out.open("host");
    out.leaf("uuid", host_uuid());
    model::host_cpu_element.write(cpu::host_cpu(files), out);
    write_power_management(out, files);
    leaf(out, "iommu", {{"support", files.exists("/sys/kernel/iommu_groups/0") ? "yes" : "no"}});
    out.open("migration_features");
    out.leaf("live");
    out.open("uri_transports");
    out.leaf("uri_transport", "tcp");
    out.leaf("uri_transport", "rdma");
    out.close();
    out.close();
    write_topology(out, files);
    write_caches(out, files);
    write_security_models(out, dac);
    out.close();
}

}  // namespace innkeeper::qemu
