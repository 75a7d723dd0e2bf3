#pragma once

#include <string>
#include <string_view>

#include "cpu/document.h"
#include "cpu/x86.h"

/// Can one CPU be had where another one is?
namespace innkeeper::cpu {

/// What is there: a processor's features, or those that an emulator can give.
struct X86Cpu {
    std::string vendor;
    FeatureSet features;
    model::CpuSignature signature;
};

/// As virCPUCompareResult counts.
enum class Fit { incompatible = 0, identical = 1, superset = 2 };

struct Comparison {
    Fit fit = Fit::superset;
    std::string reason;  ///< why it is incompatible
};

/// Throws Error for models and features that nobody knows.
Comparison compare(const X86Cpu& there, const CpuDocument& wanted);

}  // namespace innkeeper::cpu
