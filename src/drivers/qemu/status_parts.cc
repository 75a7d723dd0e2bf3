#include "drivers/qemu/status_parts.h"

#include <algorithm>
#include <set>

#include "drivers/qemu/abilities/peer_flags.h"
#include "xml/node.h"
#include "xml/writer.h"

namespace innkeeper::qemu {

unsigned last_image(const model::DomainDef& def) {
    unsigned last = 0;
    for (const model::Disk& disk : def.devices.disks) {
        last = std::max(last, disk.source.index.value_or(0));
        for (const model::BackingStore* below = disk.backing ? &*disk.backing : nullptr; below;
             below = below->next ? &*below->next : nullptr)
            last = std::max(last, below->source.index.value_or(0));
    }
    return last;
}

std::string parts_for_peer(const model::DomainDef& def, const Capabilities& capabilities,
                           const std::vector<std::string>& device_ids) {
    xml::Writer writer({}, 1);
    const auto item = [&](std::string_view tag, std::string_view attribute, std::string_view value) {
        writer.open(tag);
        writer.attribute(attribute, value);
        writer.close();
    };
    writer.open("qemuCaps");
    for (const auto flag : peer_flags(capabilities)) item("flag", "name", flag);
    writer.close();
    writer.open_if_filled("devices");
    for (const auto& id : device_ids) item("device", "alias", id);
    writer.close();
    item("nodename", "index", std::to_string(last_image(def)));
    item("fdset", "index", "0");
    item("blockjobs", "active", "no");
    writer.leaf("agentTimeout", "-2");
    return std::move(writer).take();
}

std::string parts_to_keep(std::string_view status) {
    static const std::set<std::string_view> written_anew = {
        "taint", "monitor", "vcpus", "fakereboot", "libDir", "domain", "channelTargetDir", "cpu"};
    const auto document = xml::Document::parse(status, "(domain_status)");
    if (!document.root().child("qemuCaps")) return {};
    xml::Writer writer({}, 1);
    for (auto part = document.root().child(); part; part = part.next())
        if (!written_anew.contains(part.name())) writer.fragment(part.source());
    return std::move(writer).take();
}

}  // namespace innkeeper::qemu
