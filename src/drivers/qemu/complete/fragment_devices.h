#pragma once

#include <deque>
#include <vector>

#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// A device that the model keeps as text, with its place taken out of it for as long as places are given away.
struct FragmentDevice {
    xml::Fragment* fragment;
    model::DeviceInfo info;
    bool had_address = false;
};

/// Those of a definition that can have an address. `write_back` puts the new addresses into the texts.
struct FragmentDevices {
    explicit FragmentDevices(model::DomainDef& def);
    void write_back();

    std::deque<FragmentDevice> filesystems, smartcards, hostdevs, redirdevs, shmems, memories;
};

}  // namespace innkeeper::qemu
