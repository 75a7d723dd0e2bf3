#include "cpu/host.h"

#include <sys/utsname.h>

#include <cstring>
#include <map>

#include "cpu/decode.h"
#include "host/cpuid.h"
#include "host/cpus.h"
#include "host/kvm.h"
#include "host/memory.h"

namespace innkeeper::cpu {

namespace {

std::uint32_t word_of(const host::CpuidWords& words, Register which) {
    switch (which) {
        case Register::eax:
            return words.eax;
        case Register::ebx:
            return words.ebx;
        case Register::ecx:
            return words.ecx;
        case Register::edx:
        case Register::msr:
            break;
    }
    return words.edx;
}

/// Asks for each leaf and register once: in a virtual machine each question is a trip out of it.
class Questions {
  public:
    bool has(const Bit& bit) {
        if (bit.word == Register::msr) return ((msr(bit.leaf) >> bit.number) & 1) != 0;
        return ((word_of(leaf(bit.leaf, bit.subleaf), bit.word) >> bit.number) & 1) != 0;
    }

  private:
    const host::CpuidWords& leaf(std::uint32_t leaf, std::uint32_t subleaf) {
        const auto [at, is_new] = leaves_.try_emplace({leaf, subleaf});
        if (is_new) at->second = host::cpuid(leaf, subleaf).value_or(host::CpuidWords{});
        return at->second;
    }
    std::uint64_t msr(std::uint32_t index) {
        // The processor says whether it has them: IA32_ARCH_CAPABILITIES and IA32_CORE_CAPABILITIES.
        const std::uint32_t flags = leaf(7, 0).edx;
        const bool exists = ((flags >> (index == 0x10a ? 29 : 30)) & 1) != 0;
        const auto [at, is_new] = registers_.try_emplace(index);
        if (is_new && exists) at->second = host::kvm_feature_register(index).value_or(0);
        return at->second;
    }

    std::map<std::pair<std::uint32_t, std::uint32_t>, host::CpuidWords> leaves_;
    std::map<std::uint32_t, std::uint64_t> registers_;
};

std::string vendor_in(const host::CpuidWords& words) {
    char text[13] = {};
    std::memcpy(text, &words.ebx, 4);
    std::memcpy(text + 4, &words.edx, 4);
    std::memcpy(text + 8, &words.ecx, 4);
    const std::string_view said(text);
    if (said == "GenuineIntel") return "Intel";
    if (said == "AuthenticAMD") return "AMD";
    return said == "HygonGenuine" ? "Hygon" : "";
}

model::CpuSignature signature_in(std::uint32_t eax) {
    const unsigned family = (eax >> 8) & 0xf, model = (eax >> 4) & 0xf;
    const unsigned more_family = (eax >> 20) & 0xff, more_model = (eax >> 16) & 0xf;
    return {.family = family == 0xf ? family + more_family : family,
            .model = family == 0x6 || family == 0xf ? (more_model << 4) + model : model,
            .stepping = eax & 0xf};
}

X86Cpu ask() {
    X86Cpu cpu;
    const auto first = host::cpuid(0), second = host::cpuid(1);
    if (!first || !second) return cpu;
    cpu.vendor = vendor_in(*first);
    cpu.signature = signature_in(second->eax);
    Questions questions;
    const auto features = x86_features();
    for (std::size_t i = 0; i < features.size(); ++i)
        if (questions.has(features[i].bit)) cpu.features.set(i);
    return cpu;
}

/// "microcode : 0x1" of the first processor.
std::optional<unsigned> microcode(const host::KernelFiles& files) {
    const std::string text = files.text("/proc/cpuinfo");
    const auto line = text.find("\nmicrocode");
    const auto colon = line == text.npos ? text.npos : text.find(':', line);
    if (colon == text.npos) return std::nullopt;
    return static_cast<unsigned>(std::strtoul(text.c_str() + colon + 1, nullptr, 0));
}

void describe_x86(model::HostCpu& cpu, const host::KernelFiles& files) {
    const X86Cpu& host = x86_host();
    const Search search{.vendor = host.vendor, .named = {}, .only_additions = true, .signature = host.signature};
    const auto decoded = decode(host.features, search);
    if (!decoded) return;
    cpu.model = decoded->model->name;
    cpu.vendor = host.vendor;
    cpu.microcode = microcode(files);
    cpu.signature = host.signature;
    if (const auto counter = host::kvm_time_stamp_counter())
        cpu.counters.push_back({"tsc", counter->hertz, counter->can_be_scaled});
    for (const auto name : names_of(decoded->extra)) cpu.features.emplace_back(name);
    if (const auto sizes = host::cpuid(0x80000008))
        cpu.max_phys_addr =
            model::CpuMaxPhysAddr{.mode = model::CpuMaxPhysAddr::Mode::emulate, .bits = sizes->eax & 0xff, .limit = {}};
}

}  // namespace

const X86Cpu& x86_host() {
    static const X86Cpu cpu = ask();
    return cpu;
}

model::HostCpu host_cpu(const host::KernelFiles& files) {
    model::HostCpu cpu;
    utsname machine{};
    ::uname(&machine);
    cpu.arch = machine.machine;
    if (cpu.arch == "x86_64" || cpu.arch == "i686") describe_x86(cpu, files);
    const host::Topology topology = host::topology(files);
    const auto number = [](int value) { return static_cast<unsigned>(value); };
    cpu.topology = model::CpuTopology{number(topology.sockets * topology.nodes), number(topology.dies),
                                      number(topology.cores), number(topology.threads)};
    for (const auto size : host::page_sizes_kib(files)) cpu.pages.push_back({"KiB", size});
    return cpu;
}

}  // namespace innkeeper::cpu
