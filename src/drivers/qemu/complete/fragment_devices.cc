#include "drivers/qemu/complete/fragment_devices.h"

#include "drivers/qemu/complete/fragments.h"
#include "xml/node.h"

namespace innkeeper::qemu {
namespace {

void collect(std::vector<xml::Fragment>& fragments, std::deque<FragmentDevice>& devices) {
    for (xml::Fragment& fragment : fragments) {
        FragmentDevice& device = devices.emplace_back(&fragment);
        const xml::Document document = xml::Document::parse(fragment.source, "(device)");
        device.info = model::device_info_element.read(document.root());
        device.had_address = device.info.has_address();
    }
}

std::string text_of(const model::Address& address) {
    model::DeviceInfo only;
    only.address = address;
    xml::Writer writer;
    xml::write_inside(model::device_info_element, &only, writer);
    std::string text = std::move(writer).take();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace

FragmentDevices::FragmentDevices(model::DomainDef& def) {
    collect(def.devices.filesystems, filesystems);
    collect(def.devices.smartcards, smartcards);
    collect(def.devices.hostdevs, hostdevs);
    collect(def.devices.redirdevs, redirdevs);
    collect(def.devices.shmems, shmems);
    collect(def.devices.memories, memories);
}

void FragmentDevices::write_back() {
    for (auto* devices : {&filesystems, &smartcards, &hostdevs, &redirdevs, &shmems, &memories})
        for (FragmentDevice& device : *devices)
            if (!device.had_address && device.info.has_address())
                append_inside(*device.fragment, text_of(device.info.address));
}

}  // namespace innkeeper::qemu
