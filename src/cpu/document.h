#pragma once

#include <string_view>
#include <vector>

#include "model/domain/host_cpu.h"

/// The document `<cpu>`, which clients send by itself.
namespace innkeeper::cpu {

/// One that may describe a guest's CPU or a host's; a host's names its architecture.
struct CpuDocument {
    bool is_host = false;
    model::HostCpu host;
    model::Cpu guest;
};

/// What a client asks for with the VALIDATE flag, before the document is read. Throws the peer's sentences; for the
/// pool.
void validate_cpu(std::string_view text);

CpuDocument read_cpu(std::string_view text);
model::HostCpu read_host_cpu(std::string_view text);

}  // namespace innkeeper::cpu
