#include "drivers/qemu/command/builder.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

namespace innkeeper::qemu {

using model::Controller;
using model::DeviceInfo;

Props& Props::add(std::string_view key, std::string_view value) {
    object_.emplace(key, boost::json::string(value));
    return *this;
}

Props& Props::add(std::string_view key, bool value) {
    object_.emplace(key, value);
    return *this;
}

Props& Props::add_signed(std::string_view key, std::int64_t value) {
    object_.emplace(key, value);
    return *this;
}

Props& Props::add_unsigned(std::string_view key, std::uint64_t value) {
    object_.emplace(key, value);
    return *this;
}

Props& Props::add(std::string_view key, const Props& value) {
    object_.emplace(key, value.object_);
    return *this;
}

Props& Props::add(std::string_view key, boost::json::array value) {
    object_.emplace(key, std::move(value));
    return *this;
}

Props& Props::add_null(std::string_view key) {
    object_.emplace(key, nullptr);
    return *this;
}

Props& Props::append(const Props& other) {
    for (const auto& member : other.object_) object_.emplace(member.key(), member.value());
    return *this;
}

void Props::remove(std::string_view key) {
    // Not erase(), which moves the last member to the place of the one that goes.
    boost::json::object rest;
    for (const auto& member : object_)
        if (member.key() != key) rest.emplace(member.key(), member.value());
    object_ = std::move(rest);
}

void Props::set(std::string_view key, const boost::json::value& value) { object_.emplace(key, value); }

std::string Props::text() const { return boost::json::serialize(object_); }

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == ',') out += ',';
        out += c;
    }
    return out;
}

Pairs::Pairs(std::string_view first) : text_(escaped(first)) {}

Pairs& Pairs::word(std::string_view part) {
    if (!text_.empty()) text_ += ',';
    text_ += part;
    return *this;
}

Pairs& Pairs::add(std::string_view key, std::string_view value) {
    return word(std::string(key) + "=" + escaped(value));
}

void unsupported(std::string sentence) { throw Error(ErrorCode::config_unsupported, std::move(sentence)); }

bool Builder::is_x86() const { return domain.os.arch && model::is_x86(*domain.os.arch); }

void Builder::option(std::string_view name, std::string_view value) {
    line.args.emplace_back(name);
    line.args.emplace_back(value);
}

void Builder::option(std::string_view name, const Props& value) {
    const auto* id = value.object().if_contains("id");
    const auto found = id && name == "-device" ? overrides.find(std::string_view(id->as_string())) : overrides.end();
    if (found == overrides.end()) return option(name, value.text());
    Props changed = value;
    for (const auto& member : found->second) {
        changed.remove(member.first);
        if (!member.second.is_null()) changed.set(member.first, member.second);
    }
    option(name, changed.text());
}

void Builder::device(Props value, const DeviceInfo& info) {
    add_address(value, info);
    option("-device", value);
}

int Builder::pass(PassedFd fd) {
    fd.number = context.first_descriptor + static_cast<int>(line.descriptors.size());
    line.descriptors.push_back(std::move(fd));
    return line.descriptors.back().number;
}

const Controller* Builder::controller(Controller::Type type, unsigned index) const {
    for (const Controller& controller : devices.controllers)
        if (controller.type == type && controller.index == index) return &controller;
    return nullptr;
}

std::string Builder::controller_alias(Controller::Type type, unsigned index) const {
    const Controller* found = controller(type, index);
    if (!found)
        throw Error(
            ErrorCode::internal_error,
            fmt::format("could not find {} controller with index {} required for device", xml::name(type), index));
    return found->info.alias;
}

namespace {

/// The bus that a PCI address names. The root is the machine's own and has a name of the machine's.
std::string pci_bus(const Builder& b, unsigned index) {
    const Controller* controller = b.controller(Controller::Type::pci, index);
    if (!controller)
        throw Error(ErrorCode::internal_error, fmt::format("Could not find PCI controller with index {} required for "
                                                           "device at address",
                                                           index));
    if (controller->model == Controller::Model::pcie_root) return "pcie.0";
    if (controller->model == Controller::Model::pci_root) return "pci.0";
    return controller->info.alias;
}

void add_pci(const Builder& b, Props& props, const model::PciAddress& at, const DeviceInfo& info) {
    props.add("bus", pci_bus(b, at.bus));
    if (at.multifunction == true) props.add("multifunction", true);
    props.add("addr",
              at.function ? fmt::format("0x{:x}.0x{:x}", at.slot, at.function) : fmt::format("0x{:x}", at.slot));
    props.add("acpi-index", info.acpi_index);
}

}  // namespace

void Builder::add_address(Props& props, const DeviceInfo& info) const {
    if (const auto* pci = info.at<model::PciAddress>()) return add_pci(*this, props, *pci, info);
    if (const auto* usb = info.at<model::UsbAddress>()) {
        props.add("bus", controller_alias(Controller::Type::usb, usb->bus) + ".0");
        props.add_if("port", usb->port);
    } else if (const auto* isa = info.at<model::IsaAddress>()) {
        if (isa->iobase) props.add("iobase", isa->iobase);
        if (isa->irq) props.add("irq", isa->irq);
    } else if (const auto* spapr = info.at<model::SpaprVioAddress>()) {
        props.add("reg", spapr->reg);
    } else if (const auto* ccw = info.at<model::CcwAddress>()) {
        if (ccw->cssid && ccw->ssid && ccw->devno)
            props.add("devno", fmt::format("{:x}.{:x}.{:04x}", *ccw->cssid, *ccw->ssid, *ccw->devno));
    } else if (const auto* ccid = info.at<model::CcidAddress>()) {
        props.add("bus", fmt::format("ccid{}.0", ccid->controller));
    }
}

void Builder::add_rom(Props& props, const DeviceInfo& info) const {
    if (info.rom.enabled == false) {
        props.add("romfile", "");
        return;
    }
    props.add("rombar", info.rom.bar ? std::optional<int>(*info.rom.bar ? 1 : 0) : std::nullopt);
    props.add("romfile", info.rom.file);
}

void Builder::add_virtio(Props& props, const model::VirtioOptions& options) const {
    props.add("iommu_platform", options.iommu);
    props.add("ats", options.ats);
    props.add("packed", options.packed);
    props.add("page-per-vq", options.page_per_vq);
}

std::string Builder::virtio_device(std::string_view base, const DeviceInfo& info) const {
    return virtio_device(base, "", info);
}

std::string Builder::virtio_device(std::string_view base, std::string_view model, const DeviceInfo& info) const {
    if (info.at<model::CcwAddress>()) return std::string(base) + "-ccw";
    if (info.at<model::VirtioMmioAddress>()) return std::string(base) + "-device";
    std::string device = std::string(base) + "-pci";
    if (model.ends_with("-non-transitional"))
        device += "-non-transitional";
    else if (model.ends_with("-transitional"))
        device += "-transitional";
    return device;
}

void Builder::secret_object(std::string_view id, const model::SecretReference& reference) {
    secret_object(NeededSecret{.id = std::string(id), .reference = reference, .value = {}});
}

void Builder::secret_object(std::string_view id, std::string value) {
    secret_object(NeededSecret{.id = std::string(id), .reference = {}, .value = std::move(value)});
}

void Builder::secret_object(NeededSecret secret) {
    SealedSecret sealed;
    if (const auto found = context.secrets.find(secret.id); found != context.secrets.end())
        sealed = found->second;
    else if (!is_collecting)
        throw Error(ErrorCode::internal_error, fmt::format("secret '{}' has not been prepared", secret.id));
    object(Props("secret", "qom-type")
               .add("id", secret.id)
               .add("data", sealed.data)
               .add("keyid", "masterKey0")
               .add("iv", sealed.iv)
               .add("format", "base64"));
    secrets.push_back(std::move(secret));
}

void Builder::tls_object(std::string_view id, const TlsFiles& files, std::string_view endpoint,
                         const std::string& secret) {
    if (files.directory.empty()) unsupported("TLS was asked for, but is not configured in qemu.conf");
    Props props("tls-creds-x509", "qom-type");
    props.add("id", id).add("dir", files.directory).add("endpoint", endpoint).add("verify-peer", files.verify_peer);
    if (!files.key_secret.empty()) {
        model::SecretReference reference;
        reference.uuid = Uuid::parse(files.key_secret);
        secret_object(secret, reference);
        props.add("passwordid", secret);
    }
    object(props);
}

std::optional<unsigned> Builder::boot_index(const DeviceInfo& info) const {
    if (info.boot.order) return info.boot.order;
    const auto found = boot_indexes.find(&info);
    return found == boot_indexes.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace innkeeper::qemu
