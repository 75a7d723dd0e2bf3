#include "model/domain/tpm.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

namespace innkeeper::qemu {

using model::Tpm;

namespace {

/// The emulator is a process of its own, which the start runs; QEMU reaches it through a socket.
void add_backend(Builder& b, const Tpm& tpm) {
    const std::string id = "tpm-" + tpm.info.alias;
    if (tpm.backend == Tpm::Backend::emulator) {
        b.option("-chardev", Pairs("socket")
                                 .add("id", "chrtpm")
                                 .add("path", fmt::format("{}/swtpm/{}-swtpm.sock", b.context.state_directory,
                                                          short_name(b.context.id, b.domain.name))));
        b.option("-tpmdev", Pairs("emulator").add("id", id).add("chardev", "chrtpm"));
        return;
    }
    if (!b.is_native()) unsupported("<tpm> of type 'passthrough' is not supported yet");
    b.option("-tpmdev", Pairs("passthrough").add("id", id).add("path", tpm.device.empty() ? "/dev/tpm0" : tpm.device));
}

}  // namespace

void add_tpms(Builder& b) {
    for (const Tpm& tpm : b.devices.tpms) {
        add_backend(b, tpm);
        const std::string_view device = xml::name(tpm.model.value_or(Tpm::Model::tis));
        b.device(Props(device).add("tpmdev", "tpm-" + tpm.info.alias).add("id", tpm.info.alias), tpm.info);
    }
}

}  // namespace innkeeper::qemu
