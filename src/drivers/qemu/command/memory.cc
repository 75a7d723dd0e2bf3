#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// The guest's memory: how much, and what on the host backs it.
namespace innkeeper::qemu {

using model::MemoryBacking;
using model::NumaCell;
using model::NumaTune;

namespace {

/// What is asked of one piece of memory.
struct Piece {
    std::string id;
    std::uint64_t kib = 0;
    std::optional<unsigned> cell;  ///< the guest's node, if its memory is divided
    std::optional<NumaCell::Access> access;
    std::optional<bool> discard;
    bool is_default_ram = false;
};

constexpr std::uint64_t ordinary_page_kib = 4;

/// The size of the pages that a piece was asked to be made of; 0: the mount's own.
std::optional<std::uint64_t> any_page_kib(const Builder& b, const Piece& piece) {
    const MemoryBacking& backing = b.domain.memory_backing;
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
std::optional<std::uint64_t> huge_page_kib(const Builder& b, const Piece& piece) {
    const auto page = any_page_kib(b, piece);
    return page == ordinary_page_kib ? std::nullopt : page;
}

void add_host_nodes(const Builder& b, const Piece& piece, Props& props) {
    const NumaTune& tune = b.domain.numa_tune;
    const model::CpuSet* nodes = tune.has_memory && tune.nodeset ? &*tune.nodeset : nullptr;
    NumaTune::Mode mode = tune.mode;
    for (const NumaTune::Node& node : tune.nodes)
        if (piece.cell == node.cell) {
            nodes = &node.nodeset;
            mode = node.mode;
        }
    if (!nodes || mode == NumaTune::Mode::restrictive) return;
    boost::json::array numbers;
    for (const unsigned number : nodes->numbers()) numbers.emplace_back(number);
    props.add("host-nodes", std::move(numbers));
    props.add("policy", mode == NumaTune::Mode::strict      ? "bind"
                        : mode == NumaTune::Mode::preferred ? "preferred"
                                                            : "interleave");
}

void add_prealloc(const Builder& b, bool always, Props& props) {
    const MemoryBacking& backing = b.domain.memory_backing;
    if (!always && backing.allocation != MemoryBacking::Allocation::immediate) return;
    props.add("prealloc", true);
    props.add("prealloc-threads", backing.allocation_threads);
}

std::string huge_page_path(const Builder& b) {
    if (b.context.hugetlbfs_mounts.empty())
        throw Error(ErrorCode::internal_error,
                    "hugetlbfs filesystem is not mounted or disabled by administrator config");
    return fmt::format("{}/libvirt/qemu/{}", b.context.hugetlbfs_mounts.front(),
                       short_name(b.context.id, b.domain.name));
}

/// A backend object. Plain anonymous memory where nothing else is asked for.
Props backend(const Builder& b, const Piece& piece) {
    const MemoryBacking& backing = b.domain.memory_backing;
    const auto page = huge_page_kib(b, piece);
    const auto access = piece.access ? piece.access : backing.access;
    const bool discard = piece.discard.value_or(backing.discard);
    const bool is_memfd = backing.source == MemoryBacking::Source::memfd;
    const bool is_file = !is_memfd && (page || backing.source == MemoryBacking::Source::file || access);

    Props props(is_memfd ? "memory-backend-memfd" : is_file ? "memory-backend-file" : "memory-backend-ram", "qom-type");
    props.add("id", piece.id);
    if (is_memfd && page) {
        props.add("hugetlb", true);
        if (*page) props.add("hugetlbsize", *page << 10);
    } else if (is_file) {
        props.add("mem-path", page ? huge_page_path(b)
                                   : fmt::format("{}/{}/{}", b.context.memory_directory,
                                                 short_name(b.context.id, b.domain.name), piece.id));
    }
    if (is_memfd || is_file) {
        if (discard) props.add("discard-data", true);
        if (access) props.add("share", *access == NumaCell::Access::shared);
        if (piece.is_default_ram) props.add("x-use-canonical-path-for-ramblock-id", false);
    }
    add_prealloc(b, page.has_value(), props);
    props.add("size", piece.kib << 10);
    add_host_nodes(b, piece, props);
    return props;
}

std::uint64_t whole_mebibytes(std::uint64_t kib) { return (kib + 1023) & ~1023ULL; }

/// What the guest has at its start: without the modules that are plugged in.
std::uint64_t initial_kib(const Builder& b) {
    if (b.domain.cpu && !b.domain.cpu->numa.empty()) {
        std::uint64_t sum = 0;
        for (const NumaCell& cell : b.domain.cpu->numa) sum += whole_mebibytes(cell.memory_kib);
        return sum;
    }
    return whole_mebibytes(b.domain.memory_kib);
}

}  // namespace

void add_memory(Builder& b) {
    const std::uint64_t kib = initial_kib(b);
    if (b.domain.max_memory_kib)
        b.option("-m", Pairs()
                           .word(fmt::format("size={}k", kib))
                           .add("slots", b.domain.memory_slots.value_or(0))
                           .word(fmt::format("maxmem={}k", whole_mebibytes(*b.domain.max_memory_kib))));
    else
        b.option("-m", std::to_string(kib >> 10));

    const bool has_nodes = b.domain.cpu && !b.domain.cpu->numa.empty();
    const MachineType* machine = b.capabilities.machine(b.domain.os.machine);
    if (!has_nodes && machine && !machine->default_ram.empty())
        b.object(backend(b, {.id = machine->default_ram, .kib = kib, .is_default_ram = true}));
    b.option("-overcommit", b.domain.memory_backing.locked ? "mem-lock=on" : "mem-lock=off");
}

void add_numa(Builder& b) {
    if (!b.domain.cpu) return;
    const auto& cells = b.domain.cpu->numa;
    for (const NumaCell& cell : cells) {
        const unsigned id = cell.id.value_or(0);
        const std::string memory = fmt::format("ram-node{}", id);
        if (cell.memory_kib)
            b.object(backend(b, {.id = memory,
                                 .kib = whole_mebibytes(cell.memory_kib),
                                 .cell = id,
                                 .access = cell.access,
                                 .discard = cell.discard}));
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
