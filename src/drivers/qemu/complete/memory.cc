#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::DomainDef;

void settle_memory(Completion& it) {
    DomainDef& def = it.def;
    if (def.cpu && !def.cpu->numa.empty()) {
        // The nodes say exactly what there is; the sum is only repeated.
        std::uint64_t sum = 0;
        for (const model::NumaCell& cell : def.cpu->numa) sum += cell.memory_kib;
        if (sum) def.memory_kib = sum;
    }
    if (def.memory_kib == 0)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "Memory size must be specified via <memory> or in the <numa> configuration");
    if (def.max_memory_kib && *def.max_memory_kib == 0) def.max_memory_kib.reset();
    if (def.max_memory_kib && *def.max_memory_kib < def.memory_kib)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "maximum memory size must be equal or greater than the actual memory size");
    if (def.current_memory_kib == 0 || def.current_memory_kib > def.memory_kib) def.current_memory_kib = def.memory_kib;
}

void settle_vcpus(Completion& it) {
    model::Vcpus& vcpus = it.def.vcpus;
    if (!vcpus.placement) vcpus.placement = model::Vcpus::Placement::static_;
}

void settle_features(Completion& it) {
    model::Features& features = it.def.features;
    if (features.hyperv && !features.hyperv->mode) features.hyperv->mode = model::HypervFeatures::Mode::custom;
}

}  // namespace innkeeper::qemu
