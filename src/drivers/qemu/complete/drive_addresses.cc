#include "drivers/qemu/complete/steps.h"
#include "model/complete/implied.h"

namespace innkeeper::qemu {

void assign_drive_addresses(Completion& it) { model::assign_drive_addresses(it.def); }

}  // namespace innkeeper::qemu
