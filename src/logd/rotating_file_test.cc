#include "logd/rotating_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::logd {
namespace {

class RotatingFileTest : public testing::Test {
  protected:
    RotatingFileTest() {
        char name[] = "/tmp/ik-log-XXXXXX";
        folder_ = ::mkdtemp(name);
        path_ = folder_ + "/guest.log";
    }
    ~RotatingFileTest() override { std::filesystem::remove_all(folder_); }

    std::string content(const std::string& suffix = "") { return read_file(path_ + suffix).value_or("(none)"); }

    std::string folder_, path_;
};

TEST_F(RotatingFileTest, MakesAFileForItsOwnerAlone) {
    RotatingFile(path_, {}, RotatingFile::Begin::at_end).append("one\n");
    RotatingFile(path_, {}, RotatingFile::Begin::at_end).append("two\n");
    EXPECT_EQ(content(), "one\ntwo\n");
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600);
    RotatingFile(path_, {}, RotatingFile::Begin::empty).append("three\n");
    EXPECT_EQ(content(), "three\n");
}

TEST_F(RotatingFileTest, MovesOnAtTheEndOfALine) {
    RotatingFile file(path_, {.max_size = 10, .max_backups = 2}, RotatingFile::Begin::at_end);
    file.append("1234\n5678\nabcdef\nxyz\n");
    EXPECT_EQ(content(".1"), "1234\n5678\n");
    EXPECT_EQ(content(".0"), "abcdef\n");
    EXPECT_EQ(content(), "xyz\n");
    file.append("0123456789abcde");
    EXPECT_EQ(content(".1"), "abcdef\n");
    EXPECT_EQ(content(".0"), "xyz\n012345");
    EXPECT_EQ(content(), "6789abcde");
    EXPECT_EQ(content(".2"), "(none)");
}

TEST_F(RotatingFileTest, KeepsNoMoreThanItMay) {
    RotatingFile file(path_, {.max_size = 2, .max_backups = 0}, RotatingFile::Begin::at_end);
    file.append("aabbc");
    EXPECT_EQ(content(), "c");
    EXPECT_EQ(content(".0"), "(none)");
    RotatingFile endless(path_ + "2", {.max_size = 0, .max_backups = 3}, RotatingFile::Begin::at_end);
    endless.append(std::string(5000, 'x'));
    EXPECT_EQ(content("2").size(), 5000U);
}

TEST_F(RotatingFileTest, ReadsAcrossFilesFromAPlaceInAnyOfThem) {
    RotatingFile file(path_, {.max_size = 4, .max_backups = 3}, RotatingFile::Begin::at_end);
    file.append("ab");
    const auto place = file.position();
    EXPECT_EQ(place.offset, 2U);
    file.append("cdefghij");
    EXPECT_EQ(read_log(path_, 3, place, 100), "cdefghij");
    EXPECT_EQ(read_log(path_, 3, place, 3), "cde");
    EXPECT_EQ(read_log(path_, 3, {place.inode, 9}, 100), "efghij");
    EXPECT_THROW(read_log(path_, 3, {place.inode + 123456, 0}, 100), Error);
}

TEST_F(RotatingFileTest, FollowsNoLinkAndWaitsForNobody) {
    ASSERT_EQ(::symlink((folder_ + "/elsewhere").c_str(), path_.c_str()), 0);
    EXPECT_THROW(RotatingFile(path_, {}, RotatingFile::Begin::at_end), Error);
    EXPECT_FALSE(path_exists(folder_ + "/elsewhere"));
    ASSERT_EQ(::mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
    EXPECT_THROW(RotatingFile(folder_ + "/fifo", {}, RotatingFile::Begin::at_end), Error);
    RotatingFile null("/dev/null", {.max_size = 1, .max_backups = 1}, RotatingFile::Begin::at_end);
    null.append("gone");
    EXPECT_FALSE(path_exists("/dev/null.0"));
}

}  // namespace
}  // namespace innkeeper::logd
