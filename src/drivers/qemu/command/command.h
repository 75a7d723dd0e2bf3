#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/abilities/capabilities.h"
#include "drivers/qemu/command/command_line.h"
#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// A secret as QEMU gets it: encrypted with the guest's master key.
struct SealedSecret {
    std::string data;  ///< base64
    std::string iv;    ///< base64
};

/// Certificates with which a server of QEMU's shows itself, or a client of QEMU's calls.
struct TlsFiles {
    std::string directory;  ///< empty: no TLS
    bool verify_peer = false;
    std::string key_secret;  ///< UUID of the secret that opens the private key; empty: it is not locked
};

/// A secret that a command line needs sealed, as an object of that id.
struct NeededSecret {
    std::string id;
    model::SecretReference reference;  ///< where it is kept
    std::string value;                 ///< itself, where the definition holds it (cookies)
};

/// What a command line needs to know beside the definition. All of it are values: the same input gives the same words.
struct CommandContext {
    enum class Purpose {
        start,    ///< a guest is about to run
        restore,  ///< the same, and its state will come in
        native,   ///< nobody will run it: paths instead of descriptors, and no interface is made
    };
    /// How virt-viewer and others reach the screen, from qemu.conf.
    struct Vnc {
        std::string listen = "127.0.0.1";
        TlsFiles tls;
        bool sasl = false;
        std::string sasl_directory;
        bool has_password = false;  ///< also for guests that name none
    };
    struct Spice {
        std::string listen = "127.0.0.1";
        TlsFiles tls;
        bool sasl = false;
        std::string sasl_directory;
        bool has_password = false;  ///< also for guests that name none
    };

    Purpose purpose = Purpose::start;
    int id = -1;  ///< of the running guest; -1: none, as in native
    /// Where the files of this one run lie (domain_directory() below).
    std::string directory;
    std::string channel_directory;  ///< sockets of the guest's channels, unless they have a path of their own
    std::string memory_directory;   ///< has a folder ID-NAME of files that back the guest's memory
    std::string state_directory;    ///< /run/libvirt/qemu
    /// Home directory and the like of QEMU; the daemon's own PATH and so on.
    std::vector<std::pair<std::string, std::string>> environment;

    Vnc vnc;
    Spice spice;
    TlsFiles chardev_tls, nbd_tls;
    bool dump_guest_core = false;
    bool sandbox = true;
    bool set_process_name = false;
    bool log_timestamp = true;
    std::string deprecation = "none";  ///< of guests that say nothing about it: none, omit, reject, crash
    bool relaxed_acs_check = false;
    std::vector<std::string> hugetlbfs_mounts;

    /// Sealed secrets by the id of the object that holds them ("libvirt-1-storage-auth-secret0").
    std::map<std::string, SealedSecret, std::less<>> secrets;
    /// Block devices of the host that are CD drives.
    std::set<std::string, std::less<>> host_cd_drives;
    /// Files of the SCSI devices of the host that the guest gets, by their addresses ("0:0:2:1").
    std::map<std::string, std::string, std::less<>> scsi_generics;
    bool has_vfio = false;  ///< whether PCI devices of the host can be passed on
    /// SMBIOS entries of the host, for `<smbios mode='host'/>`: a `<sysinfo>` as a document.
    std::string host_sysinfo;

    /// Numbers of passed descriptors start here in the new process.
    int first_descriptor = 3;
    std::int64_t now = 0;  ///< seconds since 1970, for clocks with an offset of their own
    /// Seconds that a time zone's local time is ahead; for such clocks as well.
    std::int64_t local_offset = 0;
};

/// "0:0:2:1" for a SCSI device of the host: adapter, bus, target and unit.
std::string scsi_address(const model::Hostdev& hostdev);

/// "12-name", of which at most 20 characters of the name are used, cut between characters.
std::string short_name(int id, std::string_view name);

/// Gives every image of the guest's disks its number, which its node names carry ("libvirt-3-format"), unless it has
/// one. A start stores them in the running definition.
void number_images(model::DomainDef& domain);

/// The command line of a completed definition: all addresses and aliases are there. Throws `config_unsupported` with a
/// sentence that names the element where something asked for cannot be passed on.
CommandLine build_command(const model::DomainDef& domain, const Capabilities& capabilities,
                          const CommandContext& context);

/// What is said of one device, and which secrets it needs beside those that the context holds.
struct DeviceWords {
    CommandLine line;
    std::vector<NeededSecret> secrets;
};
/// The words that plug in a device, for one that is to come to a guest that runs: of the domain's devices, the only one
/// whose element has that name; of controllers, which the others need for their places, the last. Throws
/// `config_unsupported` for a kind that cannot come later.
DeviceWords build_device(const model::DomainDef& domain, std::string_view element, const Capabilities& capabilities,
                         const CommandContext& context);

/// Before a definition is completed for native: each interface keeps its model, its identity and its turn at boot,
/// since nothing else of it can be told without making it.
void strip_interfaces(model::DomainDef& domain);

/// Settles what belongs to this one run of a completed definition: paths of the agents' sockets, numbers of the images.
void prepare_run(model::DomainDef& domain, const CommandContext& context);

/// A path that ends like one of ours ("…/domain-3-old/org.qemu.guest_agent.0") was made for a run, perhaps of the guest
/// that this one was copied from, and means nothing to the next.
bool has_generated_path(const model::Channel& channel);

/// Which secrets have to be in `CommandContext::secrets`; those that are there already do no harm.
std::vector<NeededSecret> needed_secrets(const model::DomainDef& domain, const Capabilities& capabilities,
                                         const CommandContext& context);

/// The environment that QEMU gets: what is passed on of the daemon's own, and directories of the guest's.
std::vector<std::pair<std::string, std::string>> guest_environment(std::string_view path, std::string_view home);

}  // namespace innkeeper::qemu
