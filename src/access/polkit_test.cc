#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "access/authenticator.h"
#include "base/error.h"
#include "base/files.h"
#include "loop/loop.h"

namespace innkeeper::access {
namespace {

/// Stands where pkcheck stands, and decides as the test says.
class Polkit : public testing::Test {
  protected:
    Polkit() {
        char name[] = "/tmp/polkit-XXXXXX";
        folder = ::mkdtemp(name);
    }
    ~Polkit() override {
        ::unlink((folder + "/pkcheck").c_str());
        ::unlink((folder + "/asked").c_str());
        ::rmdir(folder.c_str());
    }
    /// Code of the error, 0 if the client is let in.
    int ask(int verdict, rpc::Identity identity, bool read_only = false) {
        write_file(folder + "/pkcheck",
                   "#!/bin/sh\necho \"$@\" > " + folder + "/asked\nexit " + std::to_string(verdict) + "\n", 0755);
        try {
            loop.run(polkit(folder + "/pkcheck")->check(std::move(identity), read_only));
        } catch (const Error& error) {
            EXPECT_EQ(error.domain(), ErrorDomain::polkit);
            return static_cast<int>(error.code());
        }
        return 0;
    }

    Loop loop;
    std::string folder;
    rpc::Identity client{.uid = 1000, .gid = 1000, .pid = 4711, .process_start = 99};
};

TEST_F(Polkit, IsAskedAboutTheVeryProcess) {
    EXPECT_EQ(ask(0, client), 0);
    EXPECT_EQ(read_file(folder + "/asked").value(),
              "--action-id org.libvirt.unix.manage --process 4711,99,1000 --allow-user-interaction\n");
    EXPECT_EQ(ask(0, client, true), 0);
    EXPECT_TRUE(read_file(folder + "/asked")->starts_with("--action-id org.libvirt.unix.monitor "));
}

TEST_F(Polkit, SaysNoInItsWays) {
    EXPECT_EQ(ask(1, client), static_cast<int>(ErrorCode::auth_failed));
    EXPECT_EQ(ask(2, client), static_cast<int>(ErrorCode::auth_unavailable));
    EXPECT_EQ(ask(3, client), static_cast<int>(ErrorCode::auth_cancelled));
    EXPECT_EQ(ask(127, client), static_cast<int>(ErrorCode::auth_failed));
}

TEST_F(Polkit, LetsNobodyInWhoIsNotKnown) {
    client.process_start = 0;
    EXPECT_EQ(ask(0, client), static_cast<int>(ErrorCode::auth_failed));
    EXPECT_FALSE(path_exists(folder + "/asked"));
}

TEST_F(Polkit, MissingIsUnavailable) {
    try {
        loop.run(polkit(folder + "/none")->check(client, false));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::auth_unavailable);
    }
}

}  // namespace
}  // namespace innkeeper::access
