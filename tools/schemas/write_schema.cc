/// Writes the RelaxNG grammar of each kind of document into a folder, under the names that `virt-xml-validate` knows:
///
///     write_schema FOLDER
#include <cstdio>
#include <fstream>
#include <string>

#include "model/capabilities/domain_capabilities.h"
#include "model/capabilities/host_capabilities.h"
#include "model/capabilities/pool_capabilities.h"
#include "model/domain/schema.h"
#include "model/interface/interface.h"
#include "model/network/network.h"
#include "model/network/port.h"
#include "model/nodedev/device.h"
#include "model/nwfilter/binding.h"
#include "model/nwfilter/filter.h"
#include "model/secret/secret.h"
#include "model/snapshot/schema.h"
#include "model/storage/pool.h"
#include "model/storage/volume.h"
#include "xml/schema.h"

using namespace innkeeper;

namespace {

bool write(const std::string& folder, const char* kind, const std::string& grammar) {
    std::ofstream file(folder + "/" + kind + ".rng");
    file << grammar;
    return bool(file.flush());
}

bool write_all(const std::string& folder) {
    struct Kind {
        const char* name;
        std::string (*grammar)();
    };
    const Kind kinds[] = {
        {"domain", model::domain_grammar},
        {"network", model::network_grammar},
        {"networkport", model::network_port_grammar},
        {"storagepool", model::pool_grammar},
        {"storagevol", model::volume_grammar},
        {"secret", model::secret_grammar},
        {"nwfilter", model::filter_grammar},
        {"nwfilterbinding", model::filter_binding_grammar},
        {"nodedev", model::nodedev::device_grammar},
        {"interface", model::host_interface::interface_grammar},
        {"cpu", model::cpu_grammar},
        {"domainsnapshot", model::snapshot_grammar},
        {"domaincheckpoint", model::checkpoint_grammar},
        {"domainbackup", model::backup_grammar},
        {"domaincaps", +[] { return xml::relaxng(model::domain_capabilities_element); }},
        {"capability", +[] { return xml::relaxng(model::host_capabilities_element); }},
        {"storagepoolcaps", +[] { return xml::relaxng(model::pool_capabilities_element); }},
    };
    bool is_written = true;
    for (const auto& kind : kinds) is_written &= write(folder, kind.name, kind.grammar());
    return is_written;
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) {
        std::fprintf(stderr, "usage: write_schema FOLDER\n");
        return 2;
    }
    return write_all(words[1]) ? 0 : 1;
}
