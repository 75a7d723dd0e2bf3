#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

void settle_small_devices(Completion& it) {
    for (model::Panic& panic : it.def.devices.panics)
        if (!panic.model) panic.model = model::Panic::Model::isa;
    for (model::Rng& rng : it.def.devices.rngs)
        if (rng.backend == model::Rng::Backend::random && rng.device.empty()) rng.device = "/dev/random";
    if (auto& vsock = it.def.devices.vsock; vsock && !vsock->model) vsock->model = model::Vsock::Model::virtio;
}

}  // namespace innkeeper::qemu
