#include "guests/devices/devices.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/parts.h"

namespace innkeeper::guests {
namespace {

using model::parse_device;

std::string refusal(auto change) {
    try {
        change();
        return "";
    } catch (const Error& error) {
        return error.message();
    }
}

TEST(Devices, ADocumentIsOfTheKindThatItsElementNames) {
    EXPECT_TRUE(
        std::holds_alternative<model::Rng>(parse_device("<rng model='virtio'><backend model='random'/></rng>")));
    EXPECT_EQ(model::tag_of(parse_device("<nvram/>")), "nvram");
    EXPECT_EQ(refusal([] { parse_device("<domain/>"); }), "unsupported configuration: unknown device type 'domain'");
}

TEST(Devices, EveryKindIsKeptInItsPlace) {
    model::for_each_kind([]<class Member>(Member model::Devices::*member) {
        using Kind = typename xml::HolderOf<Member>::Value;
        model::Devices devices;
        put(devices, Kind{});
        unsigned found = 0;
        model::for_each_device(devices, [&]<class T>(const T&) { found += std::is_same_v<T, Kind>; });
        EXPECT_EQ(found, 1u) << model::tag_of(member);
    });
}

TEST(Devices, ControllersGetTheLowestFreeNumber) {
    model::Devices devices;
    attach(devices, parse_device("<controller type='scsi' index='1'/>"));
    for (int i = 0; i < 2; ++i) attach(devices, parse_device("<controller type='scsi'/>"));
    EXPECT_EQ(devices.controllers[1].index, 0u);
    EXPECT_EQ(devices.controllers[2].index, 2u);
    EXPECT_EQ(refusal([&] { attach(devices, parse_device("<controller type='scsi' index='2'/>")); }),
              "Requested operation is not valid: controller index='2' already exists");
}

TEST(Devices, ADetachedOneIsFoundByWhatTellsItApart) {
    model::Devices devices;
    for (const auto* text : {"<rng model='virtio'><backend model='random'>/dev/random</backend></rng>",
                             "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"})
        attach(devices, parse_device(text));
    detach(devices, parse_device("<rng model='virtio'><backend model='random'>/dev/random</backend></rng>"));
    ASSERT_EQ(devices.rngs.size(), 1u);
    EXPECT_EQ(devices.rngs[0].device, "/dev/urandom");
    EXPECT_EQ(refusal([&] { detach(devices, parse_device("<watchdog model='i6300esb'/>")); }),
              "device not found: domain has no watchdog");
}

TEST(Devices, WhatCannotBeChangedSaysWhichKind) {
    model::Devices devices;
    EXPECT_EQ(refusal([&] { attach(devices, parse_device("<panic model='isa'/>")); }),
              "Operation not supported: persistent attach of device 'panic' is not supported");
    EXPECT_EQ(refusal([&] { update(devices, parse_device("<serial type='pty'/>")); }),
              "Operation not supported: persistent update of device 'chr' is not supported");
}

}  // namespace
}  // namespace innkeeper::guests
