#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/complete/validate.h"

namespace innkeeper::qemu {

using model::ChardevSource;

namespace {

void validate_source(const Completion& it, const ChardevSource& source) {
    const bool needs_spice =
        source.type == ChardevSource::Type::spicevmc || source.type == ChardevSource::Type::spiceport;
    if (needs_spice && std::ranges::find(it.def.devices.graphics, model::Graphics::Type::spice,
                                         &model::Graphics::type) == it.def.devices.graphics.end())
        not_supported(fmt::format("chardev '{}' not supported without spice graphics", xml::name(source.type)));
    validate_reconnect(source.reconnect);
}

}  // namespace

void validate_reconnect(const model::Reconnect& reconnect) {
    if (reconnect.enabled.value_or(false) && reconnect.timeout == 0u)
        throw Error(ErrorCode::invalid_arg, "chardev reconnect source timeout cannot be '0'");
}

void validate(const Completion& it, const model::Serial& serial) {
    validate_source(it, serial.source);
    using Target = model::Serial::Target;
    const auto arch = *it.def.os.arch;
    const bool is_foreign = (serial.target == Target::system_serial && !has_system_serial(arch)) ||
                            (serial.target == Target::sclp_serial && arch != model::Architecture::s390x) ||
                            (serial.target == Target::spapr_vio_serial && arch != model::Architecture::ppc64 &&
                             arch != model::Architecture::ppc64le);
    if (is_foreign)
        not_supported(
            fmt::format("Serial device with target type '{}' and target model '{}' not compatible with "
                        "guest architecture or machine type",
                        xml::name(*serial.target), serial.model ? xml::name(*serial.model) : ""));
}
void validate(const Completion& it, const model::Parallel& parallel) { validate_source(it, parallel.source); }
void validate(const Completion& it, const model::Console& console) { validate_source(it, console.source); }
void validate(const Completion& it, const model::Channel& channel) { validate_source(it, channel.source); }
void validate(const Completion& it, const model::Redirdev& redirdev) { validate_source(it, redirdev.source); }
void validate(const Completion&, const model::Rng& rng) { validate_reconnect(rng.source.reconnect); }

void validate(const Completion& it, const model::Smartcard& card) {
    const auto* at = card.info.at<model::CcidAddress>();
    if (!at || at->controller != 0 || at->slot != 0) not_supported("this QEMU binary lacks multiple smartcard support");
    if (card.mode == model::Smartcard::Mode::passthrough) validate_source(it, card.source);
}

}  // namespace innkeeper::qemu
