#pragma once

// Private to this room: what QEMU tells of a guest that it has just begun to run. An answer that makes no sense tells
// nothing.

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "drivers/qemu/qmp/qmp.h"

namespace innkeeper::qemu {

/// Pseudo terminals by the id of their character device.
std::map<std::string, std::string> terminals(const QmpReply& reply);
/// Labels of the character devices that the guest has open.
std::set<std::string, std::less<>> opened(const QmpReply& reply);
/// By the processors' numbers, of query-cpus-fast.
std::vector<pid_t> vcpu_threads(const QmpReply& reply);
/// Of devices below the path that qom-list was asked for.
std::vector<std::string> device_ids(const QmpReply& reply);

}  // namespace innkeeper::qemu
