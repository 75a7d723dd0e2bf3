#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "drivers/qemu/command/command.h"

/// What the files of this room share: one function an element, which adds the words for it to the builder's command
/// line.
namespace innkeeper::qemu {

/// The members of a JSON option, in the order in which they were added.
class Props {
  public:
    Props() = default;
    /// Starts with `"driver": driver`, or `key` instead.
    explicit Props(std::string_view driver, std::string_view key = "driver") { add(key, driver); }

    Props& add(std::string_view key, std::string_view value);
    Props& add(std::string_view key, const char* value) { return add(key, std::string_view(value)); }
    Props& add(std::string_view key, const std::string& value) { return add(key, std::string_view(value)); }
    Props& add(std::string_view key, bool value);
    template <std::integral I>
        requires(!std::same_as<I, bool>)
    Props& add(std::string_view key, I value) {
        if constexpr (std::is_signed_v<I>)
            return add_signed(key, value);
        else
            return add_unsigned(key, value);
    }
    Props& add(std::string_view key, const Props& value);
    Props& add(std::string_view key, boost::json::array value);
    Props& add_null(std::string_view key);
    /// Nothing if there is no value.
    template <class T>
    Props& add(std::string_view key, const std::optional<T>& value) {
        return value ? add(key, *value) : *this;
    }
    /// Nothing if empty.
    Props& add_if(std::string_view key, std::string_view value) { return value.empty() ? *this : add(key, value); }
    Props& add_on_off(std::string_view key, const std::optional<bool>& value) {
        return value ? add(key, *value ? "on" : "off") : *this;
    }

    void remove(std::string_view key);
    void set(std::string_view key, const boost::json::value& value);
    /// Another's members behind these.
    Props& append(const Props& other);

    const boost::json::object& object() const { return object_; }
    std::string text() const;

  private:
    Props& add_signed(std::string_view key, std::int64_t value);
    Props& add_unsigned(std::string_view key, std::uint64_t value);
    boost::json::object object_;
};

/// A list of comma-separated `key=value`, where a comma in a value is doubled.
class Pairs {
  public:
    Pairs() = default;
    explicit Pairs(std::string_view first);

    /// A part as it is.
    Pairs& word(std::string_view part);
    Pairs& add(std::string_view key, std::string_view value);
    template <std::integral I>
    Pairs& add(std::string_view key, I value) {
        return word(std::string(key) + "=" + std::to_string(value));
    }
    Pairs& add_if(std::string_view key, std::string_view value) { return value.empty() ? *this : add(key, value); }
    Pairs& on_off(std::string_view key, bool value) { return add(key, value ? "on" : "off"); }
    Pairs& on_off(std::string_view key, std::optional<bool> value) { return value ? on_off(key, *value) : *this; }

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }

  private:
    std::string text_;
};

/// With each comma doubled.
std::string escaped(std::string_view value);

[[noreturn]] void unsupported(std::string sentence);

class Builder {
  public:
    Builder(const model::DomainDef& domain, const Capabilities& capabilities, const CommandContext& context)
        : domain(domain), devices(domain.devices), capabilities(capabilities), context(context) {}

    const model::DomainDef& domain;
    const model::Devices& devices;
    const Capabilities& capabilities;
    const CommandContext& context;
    CommandLine line;

    bool is_native() const { return context.purpose == CommandContext::Purpose::native; }
    bool is_x86() const;
    bool is_kvm() const { return domain.type == model::DomainDef::VirtType::kvm; }
    bool machine_is(std::string_view prefix) const { return domain.os.machine.starts_with(prefix); }
    bool is_q35() const { return machine_is("pc-q35") || machine_is("q35"); }
    bool is_i440fx() const {
        return machine_is("pc-i440fx") || domain.os.machine == "pc" || machine_is("pc-0") || machine_is("pc-1");
    }

    void option(std::string_view name) { line.args.emplace_back(name); }
    void option(std::string_view name, std::string_view value);
    void option(std::string_view name, const Pairs& value) { option(name, value.text()); }
    void option(std::string_view name, const Props& value);
    void device(const Props& value) { option("-device", value); }
    void device(Props value, const model::DeviceInfo& info);
    void object(const Props& value) { option("-object", value); }

    /// The number at which QEMU will find a descriptor that the starter opens.
    int pass(PassedFd fd);

    /// Where a device is plugged in, and what belongs to its PCI function.
    void add_address(Props& props, const model::DeviceInfo& info) const;
    void add_rom(Props& props, const model::DeviceInfo& info) const;
    void add_virtio(Props& props, const model::VirtioOptions& options) const;
    /// "virtio-blk" becomes "virtio-blk-pci", or "-ccw", or "-device", after the address.
    std::string virtio_device(std::string_view base, const model::DeviceInfo& info) const;
    std::string virtio_device(std::string_view base, std::string_view model, const model::DeviceInfo& info) const;

    /// The alias of the controller of that type and index; throws if there is none.
    std::string controller_alias(model::Controller::Type type, unsigned index) const;
    const model::Controller* controller(model::Controller::Type type, unsigned index) const;

    /// A secret as an object of that id, sealed by the caller. What is needed is collected in `secrets`.
    void secret_object(std::string_view id, const model::SecretReference& reference);
    void secret_object(std::string_view id, std::string value);
    /// `secret`: the name of the object that opens the key, where it is locked.
    void tls_object(std::string_view id, const TlsFiles& files, std::string_view endpoint, const std::string& secret);

    /// The boot order of a device, from its own element or from `<os>`.
    std::optional<unsigned> boot_index(const model::DeviceInfo& info) const;

    /// All secrets that were asked for; with `is_collecting` the ones that the context does not hold are left empty.
    std::vector<NeededSecret> secrets;
    bool is_collecting = false;

    /// Indexes that `<os><boot>` gives to the first devices of a kind; filled by `prepare_boot`.
    std::map<const model::DeviceInfo*, unsigned> boot_indexes;

    /// Members that `<qemu:override>` sets, or takes away where null, by the alias of the device.
    std::map<std::string, std::vector<std::pair<std::string, boost::json::value>>, std::less<>> overrides;

  private:
    void secret_object(NeededSecret secret);
};

void prepare_boot(Builder& b);
void prepare_overrides(Builder& b);

void add_name(Builder& b);
void add_master_key(Builder& b);
void add_machine(Builder& b);
void add_accelerator(Builder& b);
void add_cpu(Builder& b);
void add_tseg(Builder& b);
void add_pflash(Builder& b);
std::string pflash_words(const Builder& b);
void add_firmware(Builder& b);
void add_memory(Builder& b);
void add_smp(Builder& b);
void add_iothreads(Builder& b);
void add_numa(Builder& b);
/// Whether the guest is told how fast its nodes reach each other's memory; and the node whose processors use that of a
/// cell: its own, or those that say they are nearest.
bool has_hmat(const Builder& b);
unsigned memory_initiator(const model::Cpu& cpu, const model::NumaCell& cell);
void add_hmat(Builder& b);
void add_smbios(Builder& b);
void add_vmgenid(Builder& b);
void add_monitor(Builder& b);
void add_clock(Builder& b);
void add_power(Builder& b);
void add_boot(Builder& b);
void add_kernel(Builder& b);
void add_iommu(Builder& b);
void add_controllers(Builder& b);
void add_hubs(Builder& b);
void add_disks(Builder& b);
void add_interfaces(Builder& b);
void add_serials(Builder& b);
void add_parallels(Builder& b);
void add_channels(Builder& b);
void add_consoles(Builder& b);
void add_inputs(Builder& b);
void add_audios(Builder& b);
void add_graphics(Builder& b);
void add_videos(Builder& b);
void add_sounds(Builder& b);
void add_watchdogs(Builder& b);
void add_memballoon(Builder& b);
void add_rngs(Builder& b);
void add_panics(Builder& b);
void add_vsock(Builder& b);
void add_cryptos(Builder& b);
void add_nvram(Builder& b);
void add_vmcoreinfo(Builder& b);
void add_filesystems(Builder& b);
void add_redirections(Builder& b);
void add_smartcards(Builder& b);
void add_shared_memory(Builder& b);
void add_memory_devices(Builder& b);
void add_hostdevs(Builder& b);
void add_tpms(Builder& b);
void add_passthrough(Builder& b);

/// Who uses a character device: SPICE has a service of its own for each.
enum class ChardevUse { agent, smartcard, redirection, serial, parallel };

/// The `-chardev` for a source, with what it needs before it; the id is "char" and the alias.
void add_chardev(Builder& b, const model::ChardevSource& source, std::string_view alias,
                 ChardevUse use = ChardevUse::agent);

/// Throws for elements that the model keeps as text, of which nothing is built yet.
void refuse_unknown_elements(const Builder& b);

}  // namespace innkeeper::qemu
