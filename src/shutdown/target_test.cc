#include "shutdown/target.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::shutdown {
namespace {

using testing::HasSubstr;

/// A root of its own, with root's layout or a user's, whoever runs the test.
class Targets : public testing::Test {
  protected:
    Targets() {
        char folder[] = "/tmp/ik-target-XXXXXX";
        root = ::mkdtemp(folder);
        make_directories(root + "/run/libvirt/qemu");
        make_directories(config());
        for (const char* name : {"LIBVIRT_DEFAULT_URI", "VIRSH_DEFAULT_CONNECT_URI"}) ::unsetenv(name);
    }
    ~Targets() override {
        std::filesystem::remove_all(root);
        ::unsetenv("LIBVIRT_DEFAULT_URI");
    }

    std::string config() const { return root + (::geteuid() == 0 ? "/etc/libvirt" : "/config/libvirt"); }
    Target resolve(const std::string& uri) const { return Target::resolve(uri, root); }
    std::string sock(const std::string& name) const { return root + "/run/libvirt/" + name; }
    std::string refusal(const std::string& uri) const {
        try {
            resolve(uri);
        } catch (const Error& error) {
            return error.message();
        }
        return "";
    }

    std::string root;
};

TEST_F(Targets, AreTheModularDaemonWhereItIsThere) {
    EXPECT_EQ(resolve("qemu:///system").socket, sock("libvirt-sock"));
    write_file(sock("virtqemud-sock"), "");
    EXPECT_EQ(resolve("qemu:///system").socket, sock("virtqemud-sock"));
    EXPECT_EQ(resolve("qemu:///system?mode=legacy").socket, sock("libvirt-sock"));
    EXPECT_EQ(resolve("xen:///system").socket, sock("libvirt-sock"));
    EXPECT_EQ(resolve("default").socket, sock("virtqemud-sock"));
}

TEST_F(Targets, AreTheModularDaemonWhereSystemdCanStartThatOneOnly) {
    if (::geteuid() != 0) GTEST_SKIP() << "a user's daemons are no units";
    const std::string units = root + "/lib/systemd/system/", own = root + "/etc/systemd/system/";
    make_directories(units);
    make_directories(own);
    write_file(units + "virtqemud.service", "[Service]");
    write_file(units + "libvirtd.service", "[Service]");
    write_file(sock("libvirt-sock"), "");
    EXPECT_EQ(resolve("qemu:///system").socket, sock("libvirt-sock"));
    std::filesystem::create_symlink("/dev/null", own + "libvirtd.service");
    EXPECT_EQ(resolve("qemu:///system").socket, sock("virtqemud-sock"));
    EXPECT_EQ(resolve("default").socket, sock("virtqemud-sock"));
    EXPECT_EQ(resolve("qemu:///system?mode=legacy").socket, sock("libvirt-sock"));
    EXPECT_EQ(resolve("xen:///system").socket, sock("libvirt-sock"));
}

TEST_F(Targets, HaveTheNameThatTheDaemonShallOpen) {
    EXPECT_EQ(resolve("qemu+unix:///system?socket=%2Ftmp/x&foo=bar").name, "qemu:///system?foo=bar");
    EXPECT_EQ(resolve("qemu+unix:///system?socket=%2Ftmp/x&foo=bar").socket, "/tmp/x");
    EXPECT_EQ(resolve("qemu:///system?name=lxc:///").name, "lxc:///");
    EXPECT_EQ(resolve("test:///default").name, "test:///default");
    EXPECT_EQ(resolve("default").name, "");
}

TEST_F(Targets, FollowTheClientsConfiguration) {
    write_file(config() + "/libvirt.conf", "uri_default = \"hail\"\nuri_aliases = [ \"hail=xen:///system\" ]\n");
    EXPECT_EQ(resolve("default").name, "xen:///system");
    EXPECT_EQ(resolve("hail").name, "xen:///system");
    ::setenv("LIBVIRT_DEFAULT_URI", "lxc:///system", 1);
    EXPECT_EQ(resolve("default").name, "lxc:///system");
    EXPECT_EQ(resolve("default").uri, "default");
}

TEST_F(Targets, DoWithoutAClientsConfigurationThatIsBroken) {
    write_file(config() + "/libvirt.conf", "uri_default = hail\n");
    EXPECT_EQ(resolve("default").socket, sock("libvirt-sock"));
}

TEST_F(Targets, OfOtherHostsAreReachedThroughSshOrTcp) {
    using testing::ElementsAre;
    const auto tunnel = resolve("qemu+ssh://me@there:2222/system?keyfile=/k&no_verify=1&socket=/s").tunnel;
    EXPECT_THAT(tunnel, ElementsAre("/usr/bin/ssh", "-T", "-e", "none", "-o", "BatchMode=yes", "-p", "2222", "-l", "me",
                                    "-i", "/k", "-o", "StrictHostKeyChecking=no", "--", "there", testing::_));
    EXPECT_THAT(tunnel.back(), testing::AllOf(HasSubstr("nc"), HasSubstr("-U"), HasSubstr("/s")));
    EXPECT_THAT(resolve("qemu+ssh://there/system").tunnel.back(), HasSubstr("exec virt-ssh-helper"));
    const auto tcp = resolve("qemu+tcp://[::1]:4711/system?name=test:///default");
    EXPECT_EQ(tcp.host, "::1");
    EXPECT_EQ(tcp.port, "4711");
    EXPECT_EQ(tcp.name, "test:///default");
    EXPECT_EQ(resolve("qemu+tcp://there/system").port, "16509");
    EXPECT_TRUE(tcp.may_have_guests());
    EXPECT_FALSE(tcp.is_same_daemon(resolve("qemu:///system")));
    EXPECT_THAT(refusal("qemu+ssh:///system"), HasSubstr("names no host"));
}

TEST_F(Targets, OfOtherHostsAreRefusedByName) {
    EXPECT_THAT(refusal("qemu+tls://host/system"),
                HasSubstr("transport 'tls' of URI 'qemu+tls://host/system' is not supported"));
    EXPECT_THAT(refusal("xen://host/system"), HasSubstr("transport 'tls'"));
    EXPECT_THAT(refusal("nonsense"), HasSubstr("'nonsense' is no connection URI"));
    EXPECT_THAT(refusal("a b"), HasSubstr("Unable to parse URI a b"));
}

TEST_F(Targets, HaveNoGuestsWithoutADaemonAndALivingProcess) {
    EXPECT_FALSE(resolve("qemu:///system").may_have_guests());
    write_file(sock("qemu/gone.xml"), "<domstatus state='running' reason='booted' pid='999999999'>");
    EXPECT_FALSE(resolve("default").may_have_guests());
    write_file(sock("qemu/web.xml"), fmt::format("<!-- -->\n<domstatus state='running' pid='{}'>", ::getpid()));
    EXPECT_TRUE(resolve("default").may_have_guests());
    EXPECT_FALSE(resolve("lxc:///system").may_have_guests());
}

TEST_F(Targets, AreOrphanedWhereAGuestRunsWithoutItsDaemon) {
    EXPECT_FALSE(resolve("qemu:///system").is_orphaned());
    write_file(sock("qemu/web.xml"), fmt::format("<domstatus state='running' pid='{}'>", ::getpid()));
    EXPECT_TRUE(resolve("qemu:///system").is_orphaned());
    EXPECT_FALSE(resolve("qemu:///system?socket=/tmp/x").is_orphaned());
    EXPECT_FALSE(resolve("vbox:///system").is_orphaned());
}

TEST_F(Targets, HaveAServiceOnlyWhereTheyAreTheHostsOwn) {
    EXPECT_EQ(resolve("qemu:///system").service, "");  // below a root
    EXPECT_EQ(Target::resolve("qemu:///session", "").service, "");
    EXPECT_THAT(Target::resolve("xen:///system", "").service, testing::EndsWith("d.service"));
}

TEST_F(Targets, OfWhichNothingIsKnownMayHaveGuests) {
    write_file(sock("qemu/odd.xml"), "<domstatus state='running'>");
    EXPECT_TRUE(resolve("qemu:///system").may_have_guests());
    EXPECT_TRUE(resolve("vbox:///system").may_have_guests());
    EXPECT_TRUE(resolve("qemu:///system?socket=/tmp/x").may_have_guests());
}

}  // namespace
}  // namespace innkeeper::shutdown
