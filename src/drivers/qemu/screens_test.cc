#include "drivers/qemu/screens.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace innkeeper::qemu {
namespace {

namespace fs = std::filesystem;

TEST(Screens, AreDrawnByTheFirstCardThatCanDoWithoutAScreen) {
    std::string folder = (fs::temp_directory_path() / "dri-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    model::DomainDef def;
    def.devices.graphics.resize(3);
    def.devices.graphics[0].type = model::Graphics::Type::egl_headless;
    def.devices.graphics[1].type = model::Graphics::Type::spice;
    def.devices.graphics[2].type = model::Graphics::Type::dbus;
    def.devices.graphics[2].gl = true;
    def.devices.graphics[2].render_node = "/own";
    EXPECT_THROW(choose_render_nodes(def, folder), Error);
    EXPECT_THROW(choose_render_nodes(def, folder + "/none"), Error);
    for (const auto* name : {"card0", "renderD129", "renderD128"}) std::ofstream(folder + "/" + name) << "";
    choose_render_nodes(def, folder);
    EXPECT_EQ(def.devices.graphics[0].render_node, folder + "/renderD128");
    EXPECT_EQ(def.devices.graphics[1].render_node, "");
    EXPECT_EQ(def.devices.graphics[2].render_node, "/own");
    fs::remove_all(folder);
}

}  // namespace
}  // namespace innkeeper::qemu
