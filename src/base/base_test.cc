#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/cached_file.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/sync.h"
#include "base/undo.h"
#include "base/uuid.h"

namespace innkeeper {
namespace {

struct Folder : testing::Test {
    std::string path = [] {
        char name[] = "/tmp/innkeeper-base-XXXXXX";
        return std::string(::mkdtemp(name));
    }();
    ~Folder() override { std::filesystem::remove_all(path); }
    std::string at(const char* name) const { return path + "/" + name; }
};
using Files = Folder;
using PidFiles = Folder;

TEST(Uuid, ReadsWhatPeopleWrite) {
    const auto uuid = Uuid::parse(" 5ce00000-0000-4000-8000-00000000000A ");
    ASSERT_TRUE(uuid);
    EXPECT_EQ(uuid->text(), "5ce00000-0000-4000-8000-00000000000a");
    EXPECT_EQ(Uuid::parse("5ce0000000004000800000000000000a"), uuid);
    for (const char* wrong : {"", "zz", "5ce00000-0000-4000-8000-00000000000", "5ce00000-0000-4000-8000-00000000000a0",
                              "5-ce00000-0000-4000-8000-00000000000a"})
        EXPECT_FALSE(Uuid::parse(wrong)) << wrong;
}

TEST(Uuid, OneOfASingleDigitNamesNothing) {
    EXPECT_FALSE(Uuid{}.is_valid());
    EXPECT_TRUE(Uuid::random().is_valid());
    EXPECT_NE(Uuid::random(), Uuid::random());
}

TEST(Error, PutsTheDetailIntoTheSentenceOfItsCode) {
    const Error error(ErrorCode::no_domain, "no domain with matching name 'x'");
    EXPECT_EQ(error.message(), "Domain not found: no domain with matching name 'x'");
    EXPECT_EQ(error.str1(), "Domain not found: %s");
    EXPECT_EQ(error.str2(), "no domain with matching name 'x'");
    EXPECT_EQ(Error(ErrorCode::no_name).message(), "missing name information");
}

TEST(Error, OfASystemCallCarriesItsNumber) {
    const auto error = Error::system(ENOENT, "cannot open '/x'");
    EXPECT_EQ(error.code(), ErrorCode::system_error);
    EXPECT_EQ(error.message(), "cannot open '/x': No such file or directory");
    EXPECT_EQ(error.int1(), ENOENT);
}

TEST(Undo, RunsBackwardsUnlessCommitted) {
    std::string order;
    {
        Undo undo;
        undo.push([&] { order += '1'; });
        undo.push([&] { order += '2'; });
    }
    EXPECT_EQ(order, "21");
    {
        Undo undo;
        undo.push([&] { order += '3'; });
        undo.commit();
    }
    EXPECT_EQ(order, "21");
}

TEST_F(Files, AreReadAtOnceFromTheKernelsMemory) {
    write_file(at("f"), "content");
    if (!read_cached_file(at("f"), 100)) GTEST_SKIP() << "this file system does not tell";
    EXPECT_EQ(read_cached_file(at("f"), 7), "content");
    EXPECT_EQ(read_cached_file(at("f"), 6), std::nullopt);
    EXPECT_EQ(read_cached_file(at("none"), 100), std::nullopt);
    EXPECT_EQ(read_cached_file(path, 1 << 20), std::nullopt);
    replace_file(at("f"), "other", 0600, Sync::content);
    EXPECT_EQ(read_cached_file(at("f"), 100), "other");
    EXPECT_TRUE(remove_file(at("f"), Sync::none));
    EXPECT_EQ(read_cached_file(at("f"), 100), std::nullopt);
}

TEST_F(Files, AreReplacedWhole) {
    EXPECT_EQ(read_file(at("a")), std::nullopt);
    write_file(at("a"), "one");
    write_file(at("a"), "two", 0640);
    EXPECT_EQ(read_file(at("a")), "two");
    struct stat status{};
    ASSERT_EQ(::stat(at("a").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0640U);
    EXPECT_THAT(list_directory(path), testing::ElementsAre("a"));
}

TEST_F(Files, LargerThanTheBoundAreRefused) {
    write_file(at("a"), std::string(100, 'x'));
    EXPECT_THROW(read_file(at("a"), 99), Error);
    EXPECT_EQ(read_file(at("a"), 100)->size(), 100U);
}

TEST_F(Files, ThatCannotBeWrittenKeepTheirContent) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: a limit on file sizes is not enough to fail a rename";
    write_file(at("a"), "old");
    std::filesystem::create_directory(at("a.new"));
    EXPECT_THROW(write_file(at("a"), "new"), Error);
    EXPECT_EQ(read_file(at("a")), "old");
}

TEST_F(Files, LinksAreReplacedAndRemoved) {
    make_link("/target/one", at("link"));
    make_link("/target/two", at("link"));
    EXPECT_EQ(std::filesystem::read_symlink(at("link")), "/target/two");
    EXPECT_TRUE(remove_file(at("link")));
    EXPECT_FALSE(remove_file(at("link")));
}

TEST_F(Files, FoldersAreMadeWithThoseAboveThem) {
    make_directories(at("x/y/z"), 0700);
    make_directories(at("x/y/z"), 0700);
    EXPECT_TRUE(std::filesystem::is_directory(at("x/y/z")));
    EXPECT_EQ(parent_of(at("x/y")), at("x"));
    EXPECT_EQ(parent_of("/x"), "/");
    EXPECT_EQ(parent_of("x"), ".");
}

TEST_F(PidFiles, AreHeldByOneProcess) {
    const auto mine = PidFile::acquire(at("pid"), 42);
    ASSERT_TRUE(mine);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(PidFile::acquire(at("pid"), 43) ? 1 : 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(read_file(at("pid")), "42");
}

TEST_F(PidFiles, LeftByADeadProcessAreTakenOver) {
    write_file(at("pid"), "1", 0644);
    {
        const auto mine = PidFile::acquire(at("pid"), 42);
        ASSERT_TRUE(mine);
    }
    EXPECT_FALSE(path_exists(at("pid")));
}

TEST(Paths, LieBelowTheRoot) {
    const auto paths = Paths::standard(Paths::Privilege::system, "/r");
    EXPECT_EQ(paths.config(), "/r/etc/libvirt");
    EXPECT_EQ(paths.state(), "/r/run/libvirt");
    EXPECT_EQ(paths.pid_file("libvirtd"), "/r/run/libvirtd.pid");
    EXPECT_EQ(Paths::standard(Paths::Privilege::user, "/r").state(), "/r/run/libvirt");
}

}  // namespace
TEST(Log, OutputsAndFiltersAreSetWholeOrNotAtAll) {
    const std::string path = testing::TempDir() + "log-" + std::to_string(::getpid());
    log::set_outputs("3:stderr 1:file:" + path + " 4:stderr");
    EXPECT_EQ(log::outputs().text, "1:file:" + path + " 4:stderr");
    EXPECT_EQ(log::outputs().count, 2U);
    log::set_filters("3:util.json 4:+rpc* 1:base");
    EXPECT_EQ(log::filters().text, "3:*util.json* 4:*rpc** 1:*base*");
    for (const auto& [text, complaint] : std::initializer_list<std::pair<const char*, const char*>>{
             {"nope", "Malformed format for log output 'nope'"},
             {"0:stderr", "Invalid log priority '0' for log output '0:stderr'"},
             {"1:foo", "Invalid log destination 'foo' for log output '1:foo'"},
             {"3:file", "Log output '3:file' does not meet the format requirements for destination type 'file'"},
             {"1:file:/nonexistent/x", "failed to open /nonexistent/x: No such file or directory"}}) {
        try {
            log::set_outputs(text);
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_THAT(error.message(), testing::HasSubstr(complaint));
        }
    }
    for (const char* text : {"foo", "9:x", "1:"}) EXPECT_THROW(log::set_filters(text), Error) << text;
    EXPECT_EQ(log::outputs().count, 2U);
    // This file's category is base.base_test: its filter says more than the level does.
    log::debug("one {}", 1);
    log::set_filters("4:base");
    log::warning("two");
    log::set_filters("");
    log::set_outputs("");
    const auto text = read_file(path);
    ASSERT_TRUE(text);
    EXPECT_THAT(*text, testing::ContainsRegex("debug : .*TestBody:[0-9]+ : one 1"));
    EXPECT_THAT(*text, testing::Not(testing::HasSubstr("two")));
    ::unlink(path.c_str());
}

}  // namespace innkeeper
