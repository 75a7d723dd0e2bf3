#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "config/daemon_settings.h"
#include "config/nearest_name.h"
#include "config/qemu_settings.h"

namespace innkeeper::config {
namespace {

template <class S>
S loaded(std::string_view text) {
    Remarks remarks;
    return load<S>(parse(text, "F"), remarks);
}

Remarks remarks_on(std::string_view text) {
    Remarks remarks;
    load<DaemonSettings>(parse(text, "F"), remarks);
    return remarks;
}

std::string refusal(std::string_view text) {
    try {
        Remarks remarks;
        load<DaemonSettings>(parse(text, "F"), remarks);
    } catch (const Error& error) {
        return error.message();
    }
    return "accepted";
}

TEST(ConfigFile, ReadsWhatThePeerReads) {
    const auto file = parse(
                          "# comment\na = 3 # behind a value\nb=\"x\";c='y'\nd = \"\"\"two\nlines\"\"\"\n"
                          "e = [ 'p',\n  \"q\", # and so on\n]\nf = -7\na = 4\n",
                          "F")
                          .values;
    EXPECT_EQ(std::get<Number>(file.at("a").value).magnitude, 3U);
    EXPECT_EQ(std::get<std::string>(file.at("b").value), "x");
    EXPECT_EQ(std::get<std::string>(file.at("c").value), "y");
    EXPECT_EQ(std::get<std::string>(file.at("d").value), "two\nlines");
    EXPECT_EQ(std::get<List>(file.at("e").value).size(), 2U);
    EXPECT_TRUE(std::get<Number>(file.at("f").value).negative);
}

TEST(ConfigFile, SaysWhereItIsWrong) {
    const std::string begin = "configuration file syntax error: F:1: ";
    EXPECT_EQ(refusal("a = \n"), begin + "expecting a value");
    EXPECT_EQ(refusal("= 3"), begin + "expecting a name");
    EXPECT_EQ(refusal("a 3"), begin + "expecting an assignment");
    EXPECT_EQ(refusal("a = 3 b = 4"), begin + "expecting a separator");
    EXPECT_EQ(refusal("a = [1 2]"), begin + "expecting a separator in list");
    EXPECT_EQ(refusal("a = [1, "), begin + "list is not closed with ]");
    EXPECT_EQ(refusal("a = \"x\n"), begin + "unterminated string");
    EXPECT_EQ(refusal("a = [[1]]"), begin + "expecting a value");
    EXPECT_EQ(refusal("ok = 1\n\na = \"\"\"x"), "configuration file syntax error: F:3: unterminated string");
}

TEST(Settings, RefuseValuesOfAnotherType) {
    const auto says = [](std::string_view text, std::string_view what) {
        EXPECT_EQ(refusal(text), "internal error: F: " + std::string(what));
    };
    says("max_clients = 'x'", "expected an unsigned integer for 'max_clients' parameter, not a string (line 1)");
    says("\nmax_clients = -3",
         "expected an unsigned integer for 'max_clients' parameter, not a negative number (line 2)");
    says("max_clients = 99999999999", "value for 'max_clients' parameter must be in range 0:4294967295 (line 1)");
    says("listen_tls = 7", "value for 'listen_tls' parameter must be 0 or 1 (line 1)");
    says("keepalive_interval = 'x'",
         "expected a signed integer for 'keepalive_interval' parameter, not a string (line 1)");
    says("unix_sock_group = 3", "expected a string for 'unix_sock_group' parameter, not a number (line 1)");
    says("access_drivers = 'x'", "expected a string list for 'access_drivers' parameter, not a string (line 1)");
    says("access_drivers = [ 1 ]",
         "expected a string list for 'access_drivers' parameter, not a list with a number (line 1)");
    EXPECT_EQ(refusal("no_such_setting = 'x'"), "accepted");
}

TEST(Settings, NameWhatHasNoEffectAndWhy) {
    EXPECT_EQ(remarks_on("\nmax_client = 3\n"),
              Remarks{"F:2: 'max_client' is no known setting and is ignored; if 'max_clients' is meant, its default "
                      "stays"});
    EXPECT_EQ(remarks_on("quota = 3"), Remarks{"F:1: 'quota' is no known setting and is ignored"});
    EXPECT_EQ(remarks_on("max_clients = 3\n# x\nmax_clients = 4\n"),
              Remarks{"F:3: 'max_clients' is ignored here: the value of line 1 stays"});
    EXPECT_THAT(remarks_on("ovs_timeout = 3"),
                testing::ElementsAre(testing::HasSubstr("F:1: 'ovs_timeout' has no effect: no interface")));
    EXPECT_TRUE(remarks_on("max_clients = 3\nlog_level = 2\n").empty());
}

template <class S>
void expect_reasons() {
    for (const auto& row : Table<S>::rows()) EXPECT_EQ(row.has_effect(), row.reason.empty()) << row.name;
}

TEST(Settings, WithoutEffectHaveAReason) {
    expect_reasons<DaemonSettings>();
    expect_reasons<QemuSettings>();
}

TEST(NearestName, IsTheOneThatWasMeant) {
    const std::string_view known[] = {"listen_tls", "listen_tcp", "user", "log_level", "max_clients"};
    EXPECT_EQ(nearest_name("listen_tsl", known), "listen_tls");  // swapped
    EXPECT_EQ(nearest_name("Log_Level", known), "log_level");
    EXPECT_EQ(nearest_name("maxclients", known), "max_clients");
    EXPECT_EQ(nearest_name("loglevels", known), "log_level");
    EXPECT_EQ(nearest_name("uid", known), "");
    EXPECT_EQ(nearest_name("nothing_of_this", known), "");
    EXPECT_EQ(nearest_name(std::string(100000, 'x'), known), "");
}

TEST(Settings, TakeTheFilesValuesAndKeepTheDefaults) {
    const auto settings = loaded<DaemonSettings>("max_clients = 7\nkeepalive_interval = -1\n");
    EXPECT_EQ(settings.max_clients, 7U);
    EXPECT_EQ(settings.keepalive_interval, -1);
    EXPECT_EQ(settings.max_client_requests, 5U);
    EXPECT_EQ(settings.auth_rw(Paths::Privilege::system), DaemonSettings::Auth::polkit);
    EXPECT_EQ(settings.auth_rw(Paths::Privilege::user), DaemonSettings::Auth::none);
}

TEST(Settings, SampleFilesWithTheirCommentsOpenedGiveTheDefaults) {
    std::string text = sample<DaemonSettings>();
    std::string opened;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        std::string_view line = std::string_view(text).substr(at, end - at);
        // A setting follows its # at once, prose after a space; a setting that is unset by default stays closed.
        if (line.starts_with('#') && !line.starts_with("# ") && !line.ends_with("\"\"") && !line.ends_with("[  ]"))
            line.remove_prefix(1);
        if (!line.starts_with("tcp_min_ssf")) opened += std::string(line) + "\n";
        at = end + 1;
    }
    const auto settings = loaded<DaemonSettings>(opened);
    const DaemonSettings defaults;
    EXPECT_EQ(settings.unix_sock_ro_perms, defaults.unix_sock_ro_perms);
    EXPECT_EQ(settings.max_clients, defaults.max_clients);
    EXPECT_EQ(settings.unix_sock_group, defaults.unix_sock_group);
    EXPECT_THAT(text, testing::HasSubstr("\n#max_clients = 5000\n"));
}

TEST(Settings, HaveEntriesInTheManual) {
    const std::string text = manual<DaemonSettings>();
    EXPECT_THAT(text, testing::HasSubstr(".TP\n\\fBmax_clients\\fR (number; default 5000)\nMost clients at a time"));
    EXPECT_THAT(text, testing::HasSubstr(".TP\n\\fBunix_sock_group\\fR (text)\n"));
    EXPECT_THAT(text, testing::HasSubstr("after which a client is asked for a sign of life; \\-1 never.\n"));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("keepalive_required")));  // obsolete
}

TEST(Settings, QemuTakesOneNameOrAList) {
    EXPECT_EQ(loaded<QemuSettings>("security_driver = 'none'").security_driver->names, Texts{"none"});
    EXPECT_EQ(loaded<QemuSettings>("security_driver = ['selinux', 'apparmor']").security_driver->names,
              (Texts{"selinux", "apparmor"}));
    EXPECT_FALSE(QemuSettings::read("/nonexistent/qemu.conf").security_driver);
}

TEST(Settings, OfQemuMayBeWithoutBound) {
    EXPECT_EQ(loaded<QemuSettings>("max_core = 'unlimited'").max_core.most, std::nullopt);
    EXPECT_EQ(loaded<QemuSettings>("max_core = 5000000000").max_core.most, 5000000000U);
    EXPECT_THROW(loaded<QemuSettings>("max_core = 'much'"), Error);
}

TEST(Modes, AreOctal) {
    EXPECT_EQ(parse_mode("0770"), 0770U);
    EXPECT_THROW(parse_mode("99"), Error);
    EXPECT_THROW(parse_mode(""), Error);
    EXPECT_EQ(parse_group("root"), 0U);
    EXPECT_THROW(parse_group("no-such-group"), Error);
}

}  // namespace
}  // namespace innkeeper::config
