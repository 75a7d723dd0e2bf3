#include "objects/hooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "loop/loop.h"

namespace innkeeper::objects {
namespace {

using testing::HasSubstr;

/// A folder with scripts.
class HooksTest : public testing::Test {
  protected:
    HooksTest() {
        std::signal(SIGPIPE, SIG_IGN);  // as the daemon does
        std::filesystem::create_directories(folder_ + "/qemu.d");
    }
    ~HooksTest() override { std::filesystem::remove_all(folder_); }

    void add(const std::string& name, const std::string& script, mode_t mode = 0755) {
        write_file(folder_ + "/" + name, "#!/bin/sh\n" + script + "\n");
        ::chmod((folder_ + "/" + name).c_str(), mode);
    }
    std::string filtered(const std::string& input) {
        return loop_.run(
            hooks_.filter({.driver = "qemu", .object = "g", .operation = "restore", .part = "begin", .input = input}));
    }
    std::string refusal() {
        try {
            loop_.run(hooks_.run({.driver = "qemu", .object = "g", .operation = "start", .part = "begin"}));
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::hook_script_failed);
            return error.message();
        }
        return {};
    }

    Loop loop_;
    std::string folder_ = testing::TempDir() + "hooks-" + std::to_string(::getpid());
    Hooks hooks_{folder_};
};

TEST_F(HooksTest, AreThoseThatWereThereWhenSomebodyLooked) {
    hooks_.look({"daemon", "qemu"});
    add("qemu", "exit 0");
    EXPECT_FALSE(hooks_.has("qemu"));
    hooks_.look({"daemon", "qemu"});
    EXPECT_TRUE(hooks_.has("qemu"));
    EXPECT_FALSE(hooks_.has("daemon"));
}

TEST_F(HooksTest, ThatAreNotExecutableAreLeftOut) {
    add("qemu", "exit 3", 0644);
    add("qemu.d/10-a", "exit 0");
    hooks_.look({"qemu"});
    EXPECT_EQ(refusal(), "");
}

TEST_F(HooksTest, RunInTheOrderOfTheirNamesAndChangeWhatTheNextIsTold) {
    add("qemu", "sed s/0/01/");
    add("qemu.d/20-b", "sed s/2/23/");
    add("qemu.d/10-a", "sed s/1/12/");
    add("qemu.d/30-c", "cat >/dev/null; echo; echo '  '");  // nothing: it stays
    hooks_.look({"qemu"});
    EXPECT_EQ(filtered("0"), "0123");
}

TEST_F(HooksTest, ThatFailSayWhyAndEndTheRow) {
    add("qemu", "echo no room >&2; exit 3");
    add("qemu.d/10-a", "touch " + folder_ + "/ran");
    hooks_.look({"qemu"});
    EXPECT_THAT(refusal(), HasSubstr("/qemu g start begin -) unexpected exit status 3: no room"));
    EXPECT_FALSE(path_exists(folder_ + "/ran"));
    add("qemu", "kill -9 $$");
    EXPECT_THAT(refusal(), HasSubstr("unexpected fatal signal 9"));
}

TEST_F(HooksTest, ThatCannotBeRunSayWhy) {
    add("qemu", "");
    write_file(folder_ + "/qemu", "#!/nonexistent/interpreter\n");
    ::chmod((folder_ + "/qemu").c_str(), 0755);
    hooks_.look({"qemu"});
    EXPECT_THAT(refusal(), HasSubstr("Hook script execution failed: "));
}

TEST_F(HooksTest, EndWhenTheirProcessDoesWhoeverElseHasItsOutput) {
    add("qemu", "echo x; sleep 30 & echo $! >" + folder_ + "/pid");
    hooks_.look({"qemu"});
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(filtered(std::string(1 << 20, 'i')), "x\n");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
    ::kill(std::stoi(read_file(folder_ + "/pid", 64).value_or("0")), SIGKILL);
}

}  // namespace
}  // namespace innkeeper::objects
