#include "shutdown/settings.h"

#include <gmock/gmock.h>

#include "shutdown/assignments.h"

namespace innkeeper::shutdown {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::pair<std::string, std::string>> values(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> result;
    for (const auto& assignment : parse_assignments(text, "f").values)
        result.emplace_back(assignment.name, assignment.value);
    return result;
}
std::vector<std::string> complaints(std::string_view text) { return parse_assignments(text, "f").complaints; }

TEST(Assignments, AreReadAsAShellReadsThem) {
    EXPECT_THAT(values("A=1\n# B=2\n  C=3 # why\nexport D=4; E=5"),
                ElementsAre(std::pair("A", "1"), std::pair("C", "3"), std::pair("D", "4"), std::pair("E", "5")));
    EXPECT_THAT(values("A='x \"y\" \\' B=\"x 'y' \\\"z\\\" \\n\" C=a'b'\"c\"\\ d D=e#f E="),
                ElementsAre(std::pair("A", "x \"y\" \\"), std::pair("B", "x 'y' \"z\" \\n"), std::pair("C", "abc d"),
                            std::pair("D", "e#f"), std::pair("E", "")));
    EXPECT_THAT(values("A=\"two\nlines\" B=jo\\\nined"),
                ElementsAre(std::pair("A", "two\nlines"), std::pair("B", "joined")));
}

TEST(Assignments, ThatCannotBeReadAreNamedWithTheirLineAndLeaveTheOthers) {
    EXPECT_THAT(values("A=1\nB = 2\nC=$HOME\nD=`id`\nE=$(id)\nF=5\n"),
                ElementsAre(std::pair("A", "1"), std::pair("F", "5")));
    EXPECT_THAT(
        complaints("A=1\nB = 2\nC=$HOME\nD=(a b)\n"),
        ElementsAre("f:2: expected an assignment NAME=value, without blanks around the '='",
                    HasSubstr("f:3: C: '$' would be expanded by a shell"), HasSubstr("f:4: D: '(' has a meaning")));
    EXPECT_THAT(complaints("A=1\nB='open\nC=2"), ElementsAre("f:2: B: the quote ' is not closed"));
}

TEST(Settings, AreThoseOfTheFile) {
    Settings settings;
    std::vector<std::string> wrong;
    settings.apply(
        "URIS='default  lxc:///system'\nON_BOOT=start\nSTART_DELAY=3\nON_SHUTDOWN=suspend\n"
        "PARALLEL_SHUTDOWN=4\nSHUTDOWN_TIMEOUT=60\nBYPASS_CACHE=1\nSYNC_TIME=2\n",
        "f", wrong);
    EXPECT_THAT(wrong, IsEmpty());
    EXPECT_THAT(settings.uris, ElementsAre("default", "lxc:///system"));
    EXPECT_TRUE(settings.start_on_boot && settings.suspend && settings.bypass_cache && settings.sync_time);
    EXPECT_EQ(settings.start_delay, std::chrono::seconds(3));
    EXPECT_EQ(settings.shutdown_timeout, std::chrono::seconds(60));
    EXPECT_EQ(settings.parallel_shutdown, 4U);
}

TEST(Settings, KeepTheirDefaultsWhereTheFileIsWrong) {
    Settings settings;
    std::vector<std::string> wrong;
    settings.apply(
        "ON_BOOT=yes\nSHUTDOWN_TIMEOUT=5min\nPARALLEL_SHUTDOWN=-1\nTIMEOUT=3\nSTART_DELAY=\nSYNC_TIME=99999999999\n",
        "f", wrong);
    EXPECT_THAT(wrong, ElementsAre("f:1: ON_BOOT='yes' is ignored: expected 'start' or 'ignore'",
                                   "f:2: SHUTDOWN_TIMEOUT='5min' is ignored: expected a number of seconds",
                                   "f:3: PARALLEL_SHUTDOWN='-1' is ignored: expected a number of guests",
                                   "f:4: TIMEOUT is not known here, it has no effect",
                                   "f:6: SYNC_TIME='99999999999' is ignored: expected 0 or 1"));
    EXPECT_FALSE(settings.start_on_boot);
    EXPECT_EQ(settings.shutdown_timeout, std::chrono::seconds(300));
}

TEST(Settings, HaveANegativeTimeoutForTheStopToRefuse) {
    Settings settings;
    std::vector<std::string> wrong;
    settings.apply("SHUTDOWN_TIMEOUT=-1", "f", wrong);
    EXPECT_THAT(wrong, IsEmpty());
    EXPECT_LT(settings.shutdown_timeout, std::chrono::seconds(0));
}

TEST(Settings, AreNamedInASampleThatChangesNothing) {
    std::string sample = Settings::sample();
    EXPECT_THAT(sample, HasSubstr("\n#SHUTDOWN_TIMEOUT=300\n"));
    EXPECT_THAT(sample, HasSubstr("\n#ON_SHUTDOWN=shutdown\n"));
    for (std::size_t at = 0; (at = sample.find("\n#", at)) != std::string::npos; ++at)
        if (sample[at + 2] != ' ') sample.erase(at + 1, 1);
    Settings settings;
    std::vector<std::string> wrong;
    settings.apply(sample, "f", wrong);
    EXPECT_THAT(wrong, IsEmpty());
    EXPECT_EQ(settings, Settings());
    EXPECT_THAT(Settings::manual(),
                HasSubstr(".TP\n\\fBURIS\\fR (connection URIs with blanks between them; default default)\n"));
}

}  // namespace
}  // namespace innkeeper::shutdown
