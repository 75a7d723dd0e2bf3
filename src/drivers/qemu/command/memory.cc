#include "drivers/qemu/command/memory.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// The guest's memory: how much, and what on the host backs it.
namespace innkeeper::qemu {

using model::MemoryBacking;
using model::NumaCell;
using model::NumaTune;

namespace {

constexpr std::uint64_t ordinary_page_kib = 4;

/// The size of the pages that a piece was asked to be made of; 0: the mount's own.
std::optional<std::uint64_t> any_page_kib(const Builder& b, const MemoryPiece& piece) {
    const MemoryBacking& backing = b.domain.memory_backing;
    if (piece.page_kib) return piece.page_kib;
    if (!backing.hugepages) return std::nullopt;
    std::optional<std::uint64_t> general;
    for (const model::HugePage& page : backing.pages) {
        if (!page.nodeset)
            general = page.size_kib;
        else if (page.nodeset->contains(piece.cell.value_or(0)))
            return page.size_kib;
    }
    if (general) return general;
    return backing.pages.empty() ? std::optional<std::uint64_t>(0) : std::nullopt;
}

/// The same, but nothing where the page that was asked for is an ordinary one.
std::optional<std::uint64_t> huge_page_kib(const Builder& b, const MemoryPiece& piece) {
    const auto page = any_page_kib(b, piece);
    return page == ordinary_page_kib ? std::nullopt : page;
}

/// Where on the host the piece lies, if that was said.
struct HostNodes {
    model::CpuSet nodes;
    NumaTune::Mode mode;
};

std::optional<HostNodes> host_nodes(const Builder& b, const MemoryPiece& piece) {
    const NumaTune& tune = b.domain.numa_tune;
    std::optional<HostNodes> found;
    if (tune.has_memory && tune.nodeset) found = HostNodes{*tune.nodeset, tune.mode};
    for (const NumaTune::Node& node : tune.nodes)
        if (piece.cell == node.cell) found = HostNodes{node.nodeset, node.mode};
    if (piece.nodes) found = HostNodes{*piece.nodes, found ? found->mode : NumaTune::Mode::strict};
    if (found && found->mode == NumaTune::Mode::restrictive) found.reset();
    return found;
}

boost::json::array numbers_of(const model::CpuSet& nodes) {
    boost::json::array numbers;
    for (const unsigned number : nodes.numbers()) numbers.emplace_back(number);
    return numbers;
}

std::string_view policy_of(NumaTune::Mode mode) {
    if (mode == NumaTune::Mode::strict) return "bind";
    return mode == NumaTune::Mode::preferred ? "preferred" : "interleave";
}

bool is_preallocated(const Builder& b, const MemoryPiece& piece) {
    using enum MemoryPiece::Prealloc;
    if (piece.prealloc == by_device) return false;
    return piece.prealloc == always || huge_page_kib(b, piece) ||
           b.domain.memory_backing.allocation == MemoryBacking::Allocation::immediate;
}

std::string huge_page_path(const Builder& b) {
    if (b.context.hugetlbfs_mounts.empty())
        throw Error(ErrorCode::internal_error,
                    "hugetlbfs filesystem is not mounted or disabled by administrator config");
    return fmt::format("{}/libvirt/qemu/{}", b.context.hugetlbfs_mounts.front(),
                       short_name(b.context.id, b.domain.name));
}

std::string path_of(const Builder& b, const MemoryPiece& piece, bool in_huge_pages) {
    if (!piece.path.empty()) return piece.path;
    if (in_huge_pages) return huge_page_path(b);
    return fmt::format("{}/{}/{}", b.context.memory_directory, short_name(b.context.id, b.domain.name),
                       piece.file.empty() ? piece.id : piece.file);
}

/// A backend object. Plain anonymous memory where nothing else is asked for.
Props backend(const Builder& b, const MemoryPiece& piece) {
    const MemoryBacking& backing = b.domain.memory_backing;
    const auto page = piece.path.empty() ? huge_page_kib(b, piece) : std::nullopt;
    const auto access = piece.access ? piece.access : backing.access;
    const bool discard = piece.path.empty() && piece.discard.value_or(backing.discard);
    const bool is_memfd = piece.path.empty() && backing.source == MemoryBacking::Source::memfd;
    const bool is_file = !is_memfd && (page || backing.source == MemoryBacking::Source::file || access);

    Props props(is_memfd                         ? "memory-backend-memfd"
                : is_file || !piece.path.empty() ? "memory-backend-file"
                                                 : "memory-backend-ram",
                "qom-type");
    props.add("id", piece.id);
    if (is_memfd && page) {
        // Which size is the usual one is only known of a file system for it.
        if (*page == 0) huge_page_path(b);
        props.add("hugetlb", true);
        if (*page) props.add("hugetlbsize", *page << 10);
    } else if (is_file || !piece.path.empty()) {
        props.add("mem-path", path_of(b, piece, page.has_value()));
        if (discard) props.add("discard-data", true);
    }
    if (access) props.add("share", *access == NumaCell::Access::shared);
    if (piece.is_default_ram && (is_memfd || is_file)) props.add("x-use-canonical-path-for-ramblock-id", false);
    const bool is_prepared = is_preallocated(b, piece);
    if (is_prepared) props.add("prealloc", true).add("prealloc-threads", backing.allocation_threads);
    if (piece.prealloc == MemoryPiece::Prealloc::by_device) props.add("reserve", false);
    props.add("size", piece.kib << 10);
    if (piece.align_kib) props.add("align", *piece.align_kib << 10);
    if (piece.pmem) props.add("pmem", true);
    if (const auto nodes = host_nodes(b, piece)) {
        props.add("host-nodes", numbers_of(nodes->nodes)).add("policy", policy_of(nodes->mode));
        if (is_prepared && b.capabilities.has_type("thread-context")) props.add("prealloc-context", "tc-" + piece.id);
    }
    return props;
}

/// More than QEMU can count in bytes is no amount of memory.
std::uint64_t whole_mebibytes(std::uint64_t kib, std::string_view what) {
    constexpr std::uint64_t most = (~0ULL >> 11) / 1024 * 1024;
    if (kib > most) unsupported(fmt::format("{} overflowed after alignment", what));
    return (kib + 1023) & ~1023ULL;
}

std::uint64_t cell_kib(const NumaCell& cell) {
    return whole_mebibytes(cell.memory_kib, fmt::format("memory size of NUMA node '{}'", cell.id.value_or(0)));
}

/// What the guest has at its start: without the modules that are plugged in.
std::uint64_t initial_kib(const Builder& b) {
    if (b.domain.cpu && !b.domain.cpu->numa.empty()) {
        std::uint64_t sum = 0;
        for (const NumaCell& cell : b.domain.cpu->numa) sum += cell_kib(cell);
        return sum;
    }
    return whole_mebibytes(b.domain.memory_kib, "initial memory size");
}

}  // namespace

void add_memory_backend(Builder& b, const MemoryPiece& piece) {
    const Props props = backend(b, piece);
    // Memory is touched by threads that run where it shall lie.
    if (const auto* context = props.object().if_contains("prealloc-context")) {
        Props threads("thread-context", "qom-type");
        threads.add("id", std::string(context->as_string()));
        threads.add("node-affinity", numbers_of(host_nodes(b, piece)->nodes));
        b.object(threads);
    }
    b.object(props);
}

void add_memory(Builder& b) {
    const std::uint64_t kib = initial_kib(b);
    if (b.domain.max_memory_kib)
        b.option("-m", Pairs()
                           .word(fmt::format("size={}k", kib))
                           .add("slots", b.domain.memory_slots.value_or(0))
                           .word(fmt::format("maxmem={}k",
                                             whole_mebibytes(*b.domain.max_memory_kib, "maximum memory size"))));
    else
        b.option("-m", std::to_string(kib >> 10));

    const bool has_nodes = b.domain.cpu && !b.domain.cpu->numa.empty();
    const MachineType* machine = b.capabilities.machine(b.domain.os.machine);
    if (!has_nodes && machine && !machine->default_ram.empty())
        add_memory_backend(b, {.id = machine->default_ram, .kib = kib, .is_default_ram = true});
    b.option("-overcommit", b.domain.memory_backing.locked ? "mem-lock=on" : "mem-lock=off");
}

void add_numa(Builder& b) {
    if (!b.domain.cpu) return;
    const auto& cells = b.domain.cpu->numa;
    for (const NumaCell& cell : cells) {
        const unsigned id = cell.id.value_or(0);
        const std::string memory = fmt::format("ram-node{}", id);
        if (cell.memory_kib)
            add_memory_backend(
                b, {.id = memory, .kib = cell_kib(cell), .cell = id, .access = cell.access, .discard = cell.discard});
        Pairs words("node");
        words.add("nodeid", id);
        if (cell.cpus && !cell.cpus->empty()) {
            const std::string text = cell.cpus->text();
            for (std::size_t from = 0; from <= text.size();) {
                const std::size_t to = std::min(text.find(',', from), text.size());
                words.add("cpus", text.substr(from, to - from));
                from = to + 1;
            }
        }
        if (has_hmat(b)) words.add("initiator", memory_initiator(*b.domain.cpu, cell));
        if (cell.memory_kib) words.add("memdev", memory);
        b.option("-numa", words);
    }
    bool has_distances = false;
    for (const NumaCell& cell : cells) has_distances |= !cell.distances.empty();
    if (!has_distances) return;
    for (const NumaCell& from : cells)
        for (const NumaCell& to : cells) {
            // What is not said is near to itself and a step away from the others; a way back is as long as the way
            // there.
            unsigned value = from.id == to.id ? 10 : 20;
            bool is_said = false;
            for (const auto& distance : from.distances)
                if (distance.id == to.id) {
                    value = distance.value;
                    is_said = true;
                }
            if (!is_said)
                for (const auto& distance : to.distances)
                    if (distance.id == from.id) value = distance.value;
            b.option("-numa",
                     Pairs("dist").add("src", from.id.value_or(0)).add("dst", to.id.value_or(0)).add("val", value));
        }
}

}  // namespace innkeeper::qemu
