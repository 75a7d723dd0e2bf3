#pragma once

#include <map>
#include <string>

#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// The files ("/dev/sg3") of the host's SCSI devices that the guest gets, by their addresses. Throws Error for one that
/// the host does not have.
std::map<std::string, std::string, std::less<>> scsi_generics(const model::DomainDef& def,
                                                              const std::string& sysfs = "/sys");

}  // namespace innkeeper::qemu
