#include "guests/moments.h"

#include <gmock/gmock.h>

#include <fstream>

#include "guests/fake_for_tests.h"
#include "model/snapshot/checkpoint.h"
#include "model/snapshot/snapshot.h"
#include "protocol/constants.h"
#include "protocol/remote/checkpoint.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain.h"
#include "protocol/remote/events.h"
#include "protocol/remote/snapshot.h"

namespace innkeeper::guests {
namespace {

namespace wire = protocol::remote;
using namespace protocol;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr std::string_view uuid = "5ce00000-0000-4000-8000-000000000001";
const std::string domain = fmt::format(
    "<domain type='qemu'><name>g</name><uuid>{}</uuid><memory unit='MiB'>48</memory>"
    "<os><type arch='x86_64' machine='pc'>hvm</type></os></domain>",
    uuid);

/// A guest with snapshots that a hypervisor without machines takes.
class GuestMoments : public GuestsTest {
  protected:
    void SetUp() override {
        GuestsTest::SetUp();
        dom = call<wire::DomainDefineXml>({domain}).dom;
    }
    wire::DomainSnapshot take(std::string_view name, std::uint32_t flags = 0) {
        const auto text = fmt::format("<domainsnapshot><name>{}</name></domainsnapshot>", name);
        return call<wire::DomainSnapshotCreateXml>({dom, text, flags}).snap;
    }
    std::string document(std::string_view name, std::string_view parent, std::string_view state = "shutoff",
                         std::string_view inside = "") {
        const auto above = parent.empty() ? "" : fmt::format("<parent><name>{}</name></parent>", parent);
        return fmt::format(
            "<domainsnapshot><name>{}</name><state>{}</state><creationTime>5</creationTime>{}{}{}</domainsnapshot>",
            name, state, above, inside, domain);
    }
    void define(std::string_view name, std::string_view parent, std::string_view state = "shutoff",
                std::uint32_t flags = 0) {
        call<wire::DomainSnapshotCreateXml>({dom, document(name, parent, state), 1 | flags});
    }
    /// r1 ─ a ─ aa, ab; r1 ─ b; r2
    void make_tree() {
        define("r1", "");
        define("r2", "", "running");
        define("a", "r1", "disk-snapshot");
        define("b", "r1");
        define("aa", "a", "running", VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT);
        define("ab", "a", "paused");
    }
    std::vector<std::string> list(std::uint32_t flags = 0) {
        return call<wire::DomainSnapshotListNames>({dom, 100, flags}).names;
    }
    std::vector<std::string> below(std::string_view name, std::uint32_t flags = 0) {
        return call<wire::DomainSnapshotListChildrenNames>({snapshot(name), 100, flags}).names;
    }
    wire::DomainSnapshot snapshot(std::string_view name) { return {std::string(name), dom}; }
    std::string parent(std::string_view name) {
        return call<wire::DomainSnapshotGetParent>({snapshot(name), 0}).snap.name;
    }
    std::string current() {
        return call<wire::DomainHasCurrentSnapshot>({dom, 0}).result
                   ? call<wire::DomainSnapshotCurrent>({dom, 0}).snap.name
                   : "none";
    }
    void remove(std::string_view name, std::uint32_t flags) {
        call<wire::DomainSnapshotDelete>({snapshot(name), flags});
    }
    std::string file(std::string_view name) const {
        return fmt::format("{}/var/lib/libvirt/qemu/snapshot/g/{}.xml", root, name);
    }
    static std::string contents(const std::string& path) {
        std::ifstream in(path);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    wire::Domain dom;
};

TEST_F(GuestMoments, EachSnapshotIsTheNextOnesParent) {
    take("one");
    take("two");
    EXPECT_EQ(parent("two"), "one");
    EXPECT_EQ(current(), "two");
    EXPECT_THAT(hypervisor->did, ElementsAre("take one", "take two"));
    EXPECT_THAT(refusal<wire::DomainSnapshotCreateXml>({dom, "<domainsnapshot><name>one</name></domainsnapshot>", 0}),
                HasSubstr("domain moment one already exists"));
}

TEST_F(GuestMoments, ListsAreNarrowedByEachFlag) {
    make_tree();
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_ROOTS), UnorderedElementsAre("r1", "r2"));
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_LEAVES), UnorderedElementsAre("aa", "ab", "b", "r2"));
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_NO_LEAVES), UnorderedElementsAre("a", "r1"));
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_LEAVES | VIR_DOMAIN_SNAPSHOT_LIST_NO_LEAVES), IsEmpty());
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_NO_METADATA), IsEmpty());
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_INACTIVE), UnorderedElementsAre("r1", "b"));
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_ACTIVE), UnorderedElementsAre("r2", "aa", "ab"));
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_DISK_ONLY), ElementsAre("a"));
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_EXTERNAL), ElementsAre("a"));
    EXPECT_THAT(below("r1"), UnorderedElementsAre("a", "b"));
    EXPECT_THAT(below("r1", VIR_DOMAIN_SNAPSHOT_LIST_DESCENDANTS), UnorderedElementsAre("a", "b", "aa", "ab"));
    EXPECT_THAT(list(0x800 - 1), IsEmpty());
}

TEST_F(GuestMoments, WhatIsBelowOneThatGoesFallsToItsParent) {
    make_tree();
    remove("a", VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY);
    EXPECT_EQ(parent("aa"), "r1");
    EXPECT_EQ(parent("ab"), "r1");
    EXPECT_EQ(current(), "aa");
    EXPECT_THAT(hypervisor->did, IsEmpty());
}

TEST_F(GuestMoments, TheCurrentOneGoesToItsParent) {
    make_tree();
    remove("a", VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY | VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN);
    EXPECT_THAT(list(), UnorderedElementsAre("r1", "r2", "b"));
    EXPECT_EQ(current(), "r1");
}

TEST_F(GuestMoments, TheNewestGoFirst) {
    make_tree();
    remove("r1", VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN_ONLY);
    EXPECT_THAT(list(), UnorderedElementsAre("r1", "r2"));
    EXPECT_EQ(hypervisor->did.size(), 4u);
    EXPECT_THAT(hypervisor->did.back(), Not(HasSubstr("aa")));
    EXPECT_EQ(current(), "r1");
}

TEST_F(GuestMoments, DefinedAgainTheTreeStaysOne) {
    make_tree();
    const auto again = [&](std::string_view name, std::string_view above, std::string_view state) {
        return refusal<wire::DomainSnapshotCreateXml>({dom, document(name, above, state), 1});
    };
    EXPECT_THAT(again("r1", "r1", "shutoff"), HasSubstr("cannot set moment r1 as its own parent"));
    EXPECT_THAT(again("x", "nope", "shutoff"), HasSubstr("parent nope for moment x not found"));
    EXPECT_THAT(again("r1", "aa", "shutoff"), HasSubstr("parent aa would create cycle to r1"));
    EXPECT_THAT(again("r1", "", "running"), HasSubstr("cannot change between online and offline snapshot state"));
    EXPECT_THAT(again("b", "r1", "disk-snapshot"), HasSubstr("cannot change between disk only and full system"));
    EXPECT_THAT(again("a/b", "", "shutoff"), HasSubstr("name can't contain '/'"));
    EXPECT_THAT(again(".b", "", "shutoff"), HasSubstr("name can't start with '.'"));
    EXPECT_EQ(again("a", "r2", "disk-snapshot"), "");
    EXPECT_EQ(parent("a"), "r2");
}

TEST_F(GuestMoments, OutliveTheDaemon) {
    make_tree();
    EXPECT_THAT(contents(file("aa")), HasSubstr("<active>1</active>"));
    EXPECT_THAT(contents(file("ab")), HasSubstr("<active>0</active>"));
    begin();
    dom = call<wire::DomainLookupByName>({"g"}).dom;
    EXPECT_THAT(call<wire::ConnectListAllDomains>({1, VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT}).domains.size(), 1u);
    EXPECT_EQ(list().size(), 6u);
    EXPECT_EQ(current(), "aa");
    EXPECT_EQ(parent("ab"), "a");
}

TEST_F(GuestMoments, FilesThatMakeNoSenseAreLeftAlone) {
    make_tree();
    std::ofstream(file("broken")) << "<domainsnapshot>";
    std::ofstream(file("other")) << contents(file("b"));
    std::filesystem::remove(file("a"));
    begin();
    dom = call<wire::DomainLookupByName>({"g"}).dom;
    EXPECT_THAT(list(VIR_DOMAIN_SNAPSHOT_LIST_ROOTS), UnorderedElementsAre("r1", "r2", "aa", "ab"));
    EXPECT_TRUE(std::filesystem::exists(file("broken")));
}

TEST_F(GuestMoments, UndefiningAGuestIsToBeMeantForThemToo) {
    make_tree();
    EXPECT_THAT(refusal<wire::DomainUndefineFlags>({dom, 0}),
                HasSubstr("cannot delete inactive domain with 6 snapshots"));
    call<wire::DomainUndefineFlags>({dom, VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA});
    loop.run(guests->background().close());
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(file("a")).parent_path()));
}

TEST_F(GuestMoments, GoWithTheGuestsName) {
    make_tree();
    call<wire::DomainRename>({dom, "h", 0});
    EXPECT_FALSE(std::filesystem::exists(file("a")));
    begin();
    dom = call<wire::DomainLookupByName>({"h"}).dom;
    EXPECT_EQ(list().size(), 6u);
}

TEST_F(GuestMoments, AGuestGoesBackAndSaysSo) {
    take("off");
    call<wire::DomainCreate>({dom});
    call<wire::ConnectDomainEventCallbackRegisterAny>({0, std::nullopt});
    call<wire::DomainRevertToSnapshot>({snapshot("off"), 0});
    std::vector<std::string> events;
    for (const auto& [row, payload] : session->sent) {
        const auto message = rpc::decoded<wire::DomainEventCallbackLifecycleMsg>(*payload).msg;
        events.push_back(fmt::format("{}/{}", message.event, message.detail));
    }
    EXPECT_THAT(events, ElementsAre("5/6", "0/3"));
    EXPECT_THAT(hypervisor->did, ElementsAre("take off", "restore off"));
    session->sent.clear();
    call<wire::DomainRevertToSnapshot>({snapshot("off"), VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED});
    EXPECT_EQ(call<wire::DomainGetState>({dom, 0}).state, 3);
    EXPECT_EQ(current(), "off");
}

TEST_F(GuestMoments, CheckpointsNeedARunningGuest) {
    const auto make = [&](std::string_view name) {
        const auto text = fmt::format("<domaincheckpoint><name>{}</name></domaincheckpoint>", name);
        return refusal<wire::DomainCheckpointCreateXml>({dom, text, 0});
    };
    EXPECT_THAT(make("c1"), HasSubstr("cannot create checkpoint for inactive domain"));
    call<wire::DomainCreate>({dom});
    EXPECT_EQ(make("c1"), "");
    EXPECT_EQ(make("c2"), "");
    EXPECT_EQ(make("c3"), "");
    EXPECT_THAT(make("c1"), HasSubstr("already exists"));
    EXPECT_EQ(call<wire::DomainCheckpointGetParent>({{"c3", dom}, 0}).parent.name, "c2");
    call<wire::DomainCheckpointDelete>({{"c2", dom}, 0});
    EXPECT_EQ(call<wire::DomainCheckpointGetParent>({{"c3", dom}, 0}).parent.name, "c1");
    EXPECT_THAT(hypervisor->did, ElementsAre("note c1", "note c2", "note c3", "forget c2"));
    EXPECT_EQ(call<wire::DomainListAllCheckpoints>({dom, 1, VIR_DOMAIN_CHECKPOINT_LIST_ROOTS}).checkpoints.size(), 1u);
}

}  // namespace
}  // namespace innkeeper::guests
