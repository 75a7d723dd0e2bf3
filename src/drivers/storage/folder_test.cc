#include "drivers/storage/folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/error.h"

namespace innkeeper::storage {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
  protected:
    Folder() {
        std::string name = (fs::temp_directory_path() / "pool-XXXXXX").string();
        base_ = ::mkdtemp(name.data());
        folder_ = (base_ / "pool").string();
        fs::create_directory(folder_);
    }
    ~Folder() override { fs::remove_all(base_); }

    void put(const std::string& name, const std::string& content) {
        std::ofstream(fs::path(folder_) / name) << content;
    }
    std::vector<std::string> names() {
        std::vector<std::string> result;
        for (const auto& [name, volume] : scan_folder(folder_).volumes) result.push_back(name);
        return result;
    }

    fs::path base_;
    std::string folder_;
};

TEST_F(Folder, ShowsFilesAndFoldersAndNothingElse) {
    put("a.img", "12345");
    put(".hidden", "");
    fs::create_directory(folder_ + "/sub");
    fs::create_symlink("nowhere", folder_ + "/dangling");
    fs::create_symlink("a.img", folder_ + "/link");
    ASSERT_EQ(::mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
    EXPECT_EQ(names(), (std::vector<std::string>{".hidden", "a.img", "link", "sub"}));
    const auto volume = scan_volume(folder_, "a.img");
    EXPECT_EQ(volume.capacity, 5U);
    EXPECT_EQ(volume.format, "raw");
    EXPECT_EQ(volume.key, folder_ + "/a.img");
    EXPECT_EQ(scan_volume(folder_, "sub").type, model::Volume::Type::dir);
}

TEST_F(Folder, MakesARawVolumeOfTheSizeAskedFor) {
    model::Volume volume;
    volume.name = "new";
    volume.format = "raw";
    volume.capacity = 1U << 20;
    volume.allocation = 0;
    create_raw(folder_, volume);
    EXPECT_EQ(scan_volume(folder_, "new").capacity, 1U << 20);
    EXPECT_EQ(scan_volume(folder_, "new").permissions->mode, model::FileMode{0600});
    EXPECT_THROW(create_raw(folder_, volume), Error) << "somebody's file must stay";
}

TEST_F(Folder, IsNeverLeftForWriting) {
    std::ofstream(base_ / "secret") << "secret";
    fs::create_symlink("../secret", folder_ + "/escape");
    fs::create_symlink((base_ / "secret").string(), folder_ + "/absolute");
    put("inside", "x");
    fs::create_symlink("inside", folder_ + "/within");
    EXPECT_THROW(open_volume(folder_, "escape", Access::write), Error);
    EXPECT_THROW(wipe_file(folder_, "absolute"), Error);
    EXPECT_NO_THROW(wipe_file(folder_, "within"));
    for (const char* name : {"..", ".", "", "../secret", "sub/x"})
        EXPECT_THROW(open_volume(folder_, name, Access::read), Error) << name;
    delete_file(folder_, "escape");
    EXPECT_TRUE(fs::exists(base_ / "secret"));
}

TEST_F(Folder, DeletingAVolumeTwiceIsNoHarm) {
    put("v", "x");
    delete_file(folder_, "v");
    EXPECT_NO_THROW(delete_file(folder_, "v"));
}

TEST_F(Folder, SaysWhichOneIsMissing) {
    try {
        scan_folder("/nonexistent/pool");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.message(), "cannot open directory '/nonexistent/pool': No such file or directory");
    }
}

TEST_F(Folder, IsBuiltWithTheModeAskedFor) {
    build_folder(folder_ + "/deep/er", {.mode = model::FileMode{0750}});
    EXPECT_EQ(folder_facts(folder_ + "/deep/er").permissions.mode, model::FileMode{0750});
    build_folder(folder_ + "/other", {});
    EXPECT_EQ(folder_facts(folder_ + "/other").permissions.mode, model::FileMode{0711});
    delete_folder(folder_ + "/other");
    EXPECT_FALSE(fs::exists(folder_ + "/other"));
}

}  // namespace
}  // namespace innkeeper::storage
