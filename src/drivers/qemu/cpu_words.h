#pragma once

#include <string_view>
#include <vector>

#include "drivers/qemu/emulated_cpu.h"
#include "drivers/qemu/qmp/qmp.h"

/// What a running QEMU tells of the processors that it gives its guest.
namespace innkeeper::qemu {

/// Two questions, to which `told_features` understands the answers. They are asked of the first processor.
std::vector<QmpCommand> feature_questions();
/// Nothing if QEMU did not tell, as for other architectures.
std::optional<ToldFeatures> told_features(const QmpReply& enabled, const QmpReply& filtered);

}  // namespace innkeeper::qemu
