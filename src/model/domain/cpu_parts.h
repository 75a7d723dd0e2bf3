#pragma once

#include "model/domain/cpu.h"

/// Elements that a guest's CPU and a host's have in common.
namespace innkeeper::model {

extern const xml::Element<CpuTopology> cpu_topology_element;
extern const xml::Element<CpuMaxPhysAddr> cpu_max_phys_addr_element;

}  // namespace innkeeper::model
