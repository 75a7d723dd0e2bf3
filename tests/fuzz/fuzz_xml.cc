/// A document from a client, of the kind that its root names: whatever is accepted is written and read again to an
/// equal value, and the quick look at a domain finds the same name.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "cpu/document.h"
#include "model/domain/domain.h"
#include "model/interface/interface.h"
#include "model/network/network.h"
#include "model/network/port.h"
#include "model/nodedev/device.h"
#include "model/nwfilter/binding.h"
#include "model/nwfilter/filter.h"
#include "model/secret/secret.h"
#include "model/snapshot/backup.h"
#include "model/snapshot/checkpoint.h"
#include "model/snapshot/snapshot.h"
#include "model/storage/pool.h"
#include "model/storage/volume.h"
#include "xml/identity.h"
#include "xml/node.h"

using namespace innkeeper;

namespace {

/// The bus of a disk is inferred after the disks were put in order by it, here as in the peer, so that their order is
/// not kept. Targets are unique.
model::DomainDef in_order(model::DomainDef domain) {
    std::ranges::sort(domain.devices.disks, {}, &model::Disk::target);
    return domain;
}

void check_domain(std::string_view text) {
    const auto domain = model::parse_domain(text);
    const auto written = model::format_domain(domain, {.inactive = true, .secure = true});
    // From here on nothing may be refused.
    try {
        if (in_order(model::parse_domain(written)) != in_order(domain)) std::abort();
    } catch (const Error&) {
        std::abort();
    }
    const auto identity = xml::identity(text);
    if (identity && identity->name != domain.name) std::abort();
}

/// What was written is read again to an equal value: `same()` says so, and from here on nothing may be refused.
template <class Same>
void require(Same same) {
    try {
        if (same()) return;
    } catch (const Error&) {
    }
    std::abort();
}

template <class T>
void check(const xml::Element<T>& element, const xml::Node& root) {
    const T object = element.read(root);
    const auto text = element.format(object, {.secure = true});
    require([&] { return element.read(xml::Document::parse(text, "(again)").root(element.tag)) == object; });
}

/// Of a request only what is looked at; what is defined again or was stored is a whole one.
void check_snapshot(std::string_view text) {
    using enum model::SnapshotPart;
    model::parse_snapshot(text, request);
    const auto snapshot = model::parse_snapshot(text, whole);
    const auto written = model::format_snapshot(snapshot, model::Secrets::shown);
    require([&] { return model::parse_snapshot(written, whole) == snapshot; });
}

void check_checkpoint(std::string_view text) {
    using enum model::CheckpointPart;
    model::parse_checkpoint(text, request);
    const auto checkpoint = model::parse_checkpoint(text, whole);
    const auto written = model::format_checkpoint(checkpoint, {.secure = true});
    require([&] { return model::parse_checkpoint(written, whole) == checkpoint; });
}

void check_backup(std::string_view text) {
    const auto backup = model::parse_backup(text);
    const auto written = model::format_backup(backup);
    require([&] { return model::parse_backup(written) == backup; });
}

void check_cpu(std::string_view text) {
    const auto read = cpu::read_cpu(text);
    const auto written =
        read.is_host ? model::host_cpu_element.format(read.host) : model::cpu_element.format(read.guest);
    require([&] {
        const auto again = cpu::read_cpu(written);
        return again.is_host == read.is_host && again.host == read.host && again.guest == read.guest;
    });
}

void check_any(std::string_view text) {
    const auto document = xml::Document::parse(text, "(fuzz)");
    const auto root = document.root();
    const auto name = root.name();
    if (name == "domain") check_domain(text);
    if (name == "domainsnapshot") check_snapshot(text);
    if (name == "domaincheckpoint") check_checkpoint(text);
    if (name == "domainbackup") check_backup(text);
    if (name == "cpu") check_cpu(text);
    if (name == "network") check(model::network, root);
    if (name == "networkport") check(model::network_port, root);
    if (name == "pool") check(model::pool, root);
    if (name == "volume") check(model::volume, root);
    if (name == "secret") check(model::secret, root);
    if (name == "filter") check(model::nwfilter, root);
    if (name == "filterbinding") check(model::filter_binding, root);
    if (name == "device") check(model::nodedev::device_element, root);
    if (name == "interface") check(model::host_interface::interface, root);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    try {
        check_any({reinterpret_cast<const char*>(data), size});
    } catch (const Error&) {
    }
    return 0;
}
