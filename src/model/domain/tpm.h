#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A trusted platform module.
struct Tpm {
    enum class Model { tis, crb, spapr, spapr_proxy };
    enum class Backend { passthrough, emulator };
    enum class Version { v1_2, v2_0 };
    std::optional<Model> model;
    Backend backend = Backend::passthrough;
    std::optional<Version> version;  ///< emulator
    std::string device;              ///< passthrough: "/dev/tpm0"
    std::optional<Uuid> secret;      ///< emulator: its state is encrypted
    std::optional<bool> persistent_state;
    std::vector<std::string> pcr_banks;  ///< sha1, sha256, sha384, sha512
    DeviceInfo info;
    bool operator==(const Tpm&) const = default;
};
constexpr auto names_of(Tpm::Model) { return xml::names("tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy"); }
constexpr auto names_of(Tpm::Backend) { return xml::names("passthrough", "emulator"); }
constexpr auto names_of(Tpm::Version) { return xml::names("1.2", "2.0"); }

extern const xml::Element<Tpm> tpm_element;

}  // namespace innkeeper::model
