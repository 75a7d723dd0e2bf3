#include "lockd/lease_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::lockd {
namespace {

constexpr Manner alone{}, together{.shared = true}, made{.autocreate = true};

class LeaseFile : public testing::Test {
  protected:
    LeaseFile() {
        char name[] = "/tmp/ik-lock-XXXXXX";
        folder_ = ::mkdtemp(name);
        path_ = folder_ + "/disk";
    }
    ~LeaseFile() override { std::filesystem::remove_all(folder_); }

    ErrorCode refusal(const std::string& path, Manner manner) {
        try {
            lock_file(path, "r", manner);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::ok;
    }

    std::string folder_, path_;
};

TEST_F(LeaseFile, IsLockedForOneOrForAllWhoShare) {
    create_file(path_, "disk");
    Fd held = lock_file(path_, "r", alone);
    EXPECT_EQ(refusal(path_, alone), ErrorCode::resource_busy);
    EXPECT_EQ(refusal(path_, together), ErrorCode::resource_busy);
    unlock_file(std::move(held), path_, alone);
    const Fd one = lock_file(path_, "r", together), two = lock_file(path_, "r", together);
    EXPECT_EQ(refusal(path_, alone), ErrorCode::resource_busy);
}

TEST_F(LeaseFile, KeepsItsLockWhenAnotherDescriptorOfItGoes) {
    create_file(path_, "disk");
    std::filesystem::create_symlink(path_, folder_ + "/alias");
    const Fd held = lock_file(path_, "r", alone);
    EXPECT_EQ(refusal(folder_ + "/alias", alone), ErrorCode::resource_busy);
    EXPECT_TRUE(read_file(path_));
    EXPECT_EQ(refusal(path_, alone), ErrorCode::resource_busy);
}

TEST_F(LeaseFile, ComesAndGoesWithTheLockIfItIsToBe) {
    EXPECT_EQ(refusal(path_, alone), ErrorCode::system_error);
    Fd held = lock_file(path_, "r", made);
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600);
    unlock_file(std::move(held), path_, made);
    EXPECT_FALSE(path_exists(path_));
    // Another's file of that name is not ours to remove.
    held = lock_file(path_, "r", made);
    std::filesystem::remove(path_);
    create_file(path_, "disk");
    unlock_file(std::move(held), path_, made);
    EXPECT_TRUE(path_exists(path_));
    delete_file(path_, "disk");
    delete_file(path_, "disk");
    EXPECT_FALSE(path_exists(path_));
}

TEST_F(LeaseFile, LiesInAFolderThatOnlyItsOwnerSees) {
    make_lockspace(folder_ + "/a/b");
    make_lockspace(folder_ + "/a/b");
    struct stat status{};
    ASSERT_EQ(::stat((folder_ + "/a/b").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700);
    create_file(path_, "disk");
    EXPECT_THROW(make_lockspace(path_), Error);
    ASSERT_EQ(::mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
    EXPECT_EQ(refusal(folder_, alone), ErrorCode::system_error);
}

}  // namespace
}  // namespace innkeeper::lockd
