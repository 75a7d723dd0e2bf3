#include "drivers/qemu/plug_steps.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "base/error.h"
#include "drivers/qemu/chardev_words.h"

namespace innkeeper::qemu {
namespace {

namespace json = boost::json;

CommandLine line(std::vector<std::string> words) { return {.args = std::move(words)}; }

TEST(PlugSteps, StandForTheWordsAndTheDevicesComeLast) {
    const auto steps = plug_steps(line({"-device", R"({"driver":"virtio-blk-pci","id":"d0","drive":"n0"})",  //
                                        "-blockdev", R"({"driver":"null-co","node-name":"n0"})"}));
    ASSERT_EQ(steps.size(), 2u);
    EXPECT_EQ(steps[0].command.name, "blockdev-add");
    EXPECT_EQ(steps[0].undo->name, "blockdev-del");
    EXPECT_EQ(json::serialize(steps[0].undo->arguments), R"({"node-name":"n0"})");
    EXPECT_TRUE(steps[1].is_device());
}

TEST(PlugSteps, WhatIsLeftIsTakenBackFromTheLast) {
    const auto left = leftovers(plug_steps(line({"-blockdev", R"({"node-name":"a"})", "-blockdev",
                                                 R"({"node-name":"b"})", "-device", R"({"driver":"x","id":"d"})"})));
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].arguments.at("node-name"), "b");
}

TEST(PlugSteps, AreRefusedWhereNoCommandSaysTheSame) {
    EXPECT_THROW(plug_steps(line({"-global", "isa-fdc.bootindexA=1"})), Error);
    CommandLine with_descriptor;
    with_descriptor.descriptors.push_back({.alias = "net0"});
    EXPECT_THROW(plug_steps(with_descriptor), Error);
}

TEST(ChardevWords, AreTheMonitorsArguments) {
    const auto arguments = [](std::string_view words) { return json::serialize(chardev_arguments(words)); };
    EXPECT_EQ(arguments("pty,id=c0"), R"({"id":"c0","backend":{"type":"pty","data":{}}})");
    EXPECT_EQ(arguments("socket,id=c0,path=/a,,b,server=on,wait=off"),
              R"({"id":"c0","backend":{"type":"socket","data":{"addr":{"type":"unix","data":{"path":"/a,b"}},)"
              R"("server":true,"wait":false}}})");
    EXPECT_EQ(arguments("file,id=c0,path=/log,append=on"),
              R"({"id":"c0","backend":{"type":"file","data":{"out":"/log","append":true}}})");
    EXPECT_THROW(chardev_arguments("stdio,id=c0"), Error);
}

}  // namespace
}  // namespace innkeeper::qemu
