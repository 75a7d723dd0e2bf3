#include "guests/guests.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "guests/auto_shutdown.h"
#include "guests/fake_for_tests.h"
#include "protocol/constants.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain.h"
#include "protocol/remote/events.h"

namespace innkeeper::guests {
namespace {

namespace wire = protocol::remote;
using namespace protocol;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view one = "5ce00000-0000-4000-8000-000000000001";
constexpr std::string_view two = "5ce00000-0000-4000-8000-000000000002";

std::string document(std::string_view name, std::string_view uuid) {
    return fmt::format(
        "<domain type='qemu'><name>{}</name><uuid>{}</uuid><memory unit='MiB'>48</memory>"
        "<os><type arch='x86_64' machine='pc'>hvm</type></os></domain>",
        name, uuid);
}

class Domains : public GuestsTest {
  protected:
    wire::Domain define(std::string_view name, std::string_view uuid = one) {
        return call<wire::DomainDefineXml>({document(name, uuid)}).dom;
    }
    wire::Domain create(std::string_view name, std::string_view uuid = one, std::uint32_t flags = 0) {
        return call<wire::DomainCreateXml>({document(name, uuid), flags}).dom;
    }
    void start(const wire::Domain& dom, std::uint32_t flags = 0) { call<wire::DomainCreateWithFlags>({dom, flags}); }
    void destroy(const wire::Domain& dom) { call<wire::DomainDestroy>({dom}); }
    std::vector<std::string> list(std::uint32_t flags = 0) {
        std::vector<std::string> names;
        for (const auto& dom : call<wire::ConnectListAllDomains>({1, flags}).domains) names.push_back(dom.name);
        return names;
    }
    std::string state(const wire::Domain& dom) {
        const auto ret = call<wire::DomainGetState>({dom, 0});
        return fmt::format("{}/{}", ret.state, ret.reason);
    }
    void listen() { call<wire::ConnectDomainEventCallbackRegisterAny>({0, std::nullopt}); }
    /// Lifecycle events so far, as "type/detail".
    std::vector<std::string> events() {
        std::vector<std::string> words;
        for (const auto& [row, payload] : session->sent) {
            const auto message = rpc::decoded<wire::DomainEventCallbackLifecycleMsg>(*payload).msg;
            words.push_back(fmt::format("{} {}/{}", message.dom.name, message.event, message.detail));
        }
        session->sent.clear();
        return words;
    }
};

TEST_F(Domains, StaysDefinedAcrossARestart) {
    define("a");
    define("b", two);
    begin();
    EXPECT_THAT(list(), ElementsAre("a", "b"));
    EXPECT_THAT(
        call<wire::DomainGetXmlDesc>(
            {guests->find("a")->uuid() == *Uuid::parse(one) ? wire::Domain{"a", *Uuid::parse(one), -1} : wire::Domain{},
             0})
            .xml,
        HasSubstr("<memory unit='KiB'>49152</memory>"));
}

TEST_F(Domains, EndWithTheirHostInTheFirstWayThatIsForThem) {
    using Which = AutoShutdown::Which;
    define("a");
    start(wire::Domain{"a", *Uuid::parse(one), -1});
    create("t", two);
    // Nothing is for transient ones.
    loop.run(end_by_themselves(*guests, {.save = Which::persistent}));
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_ACTIVE), ElementsAre("t"));
    EXPECT_TRUE(guests->find("a")->has_managed_save());
    loop.run(end_by_themselves(*guests, {.shut_down = Which::all}));
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_ACTIVE), IsEmpty());
}

TEST_F(Domains, ThatEndedWithTheirHostAreBackAtItsNextBoot) {
    using Which = AutoShutdown::Which;
    define("a");
    start(wire::Domain{"a", *Uuid::parse(one), -1});
    create("t", two);
    loop.run(end_by_themselves(*guests, {.shut_down = Which::all}));
    begin();
    loop.run(guests->autostart());
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_ACTIVE), ElementsAre("a"));
    // Once.
    loop.run(end_by_themselves(*guests, {.power_off = Which::all, .restore = false}));
    begin();
    std::filesystem::remove(root + "/run/libvirt/qemu/autostarted");
    loop.run(guests->autostart());
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_ACTIVE), IsEmpty());
}

TEST_F(Domains, AreSavedNeitherNorStartedAgainIfNobodyWantsIt) {
    using Which = AutoShutdown::Which;
    define("a");
    start(wire::Domain{"a", *Uuid::parse(one), -1});
    loop.run(end_by_themselves(*guests, {}));
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_ACTIVE), ElementsAre("a"));
    loop.run(end_by_themselves(*guests, {.shut_down = Which::persistent, .restore = false}));
    begin();
    loop.run(guests->autostart());
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_ACTIVE), IsEmpty());
    EXPECT_THROW(AutoShutdown::which("auto_shutdown_poweroff", "some"), Error);
}

TEST_F(Domains, RefusesNamesAndUuidsOfOthers) {
    define("a");
    EXPECT_EQ(refusal<wire::DomainDefineXml>({document("a", two)}),
              "operation failed: domain 'a' already exists with uuid 5ce00000-0000-4000-8000-000000000001");
    EXPECT_EQ(refusal<wire::DomainDefineXml>({document("b", one)}),
              "operation failed: domain 'a' is already defined with uuid 5ce00000-0000-4000-8000-000000000001");
    EXPECT_THAT(list(), ElementsAre("a"));
}

TEST_F(Domains, TellsALifeInThePeersOrder) {
    listen();
    const auto dom = define("a");
    define("a");
    start(dom);
    EXPECT_EQ(state(dom), "1/1");
    call<wire::DomainSuspend>({dom});
    call<wire::DomainSuspend>({dom});
    EXPECT_EQ(state(dom), "3/1");
    call<wire::DomainResume>({dom});
    EXPECT_EQ(state(dom), "1/5");
    destroy(dom);
    EXPECT_EQ(state(dom), "5/2");
    call<wire::DomainUndefine>({dom});
    EXPECT_THAT(events(), ElementsAre("a 0/0", "a 0/1", "a 4/0", "a 2/0", "a 3/0", "a 4/0", "a 6/2", "a 5/1", "a 1/0"));
    EXPECT_THAT(list(), IsEmpty());
}

TEST_F(Domains, StartsPausedWithBothEvents) {
    const auto dom = define("a");
    listen();
    start(dom, VIR_DOMAIN_START_PAUSED);
    EXPECT_EQ(state(dom), "3/1");
    EXPECT_THAT(events(), ElementsAre("a 2/0", "a 3/0"));
}

TEST_F(Domains, LeavesNothingOfAGuestThatDoesNotStart) {
    hypervisor->fails = true;
    listen();
    EXPECT_EQ(refusal<wire::DomainCreateXml>({document("t", two), 0}), "internal error: it does not start");
    EXPECT_THAT(list(), IsEmpty());
    const auto dom = define("a");
    EXPECT_EQ(refusal<wire::DomainCreate>({dom}), "internal error: it does not start");
    EXPECT_EQ(state(dom), "5/6");
    EXPECT_THAT(events(), ElementsAre("a 0/0"));
    EXPECT_THAT(list_directory(root + "/run/libvirt/qemu"), IsEmpty());
}

TEST_F(Domains, ATransientGuestGoesWhenItEnds) {
    const auto dom = create("t");
    EXPECT_GT(dom.id, 0);
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_TRANSIENT), ElementsAre("t"));
    EXPECT_EQ(refusal<wire::DomainCreateXml>({document("t", one), 0}),
              "Requested operation is not valid: domain 't' is already active");
    EXPECT_EQ(refusal<wire::DomainSetAutostart>({dom, 1}),
              "Requested operation is not valid: cannot set autostart for transient domain");
    EXPECT_EQ(refusal<wire::DomainUndefine>({dom}),
              "Requested operation is not valid: cannot undefine transient domain");
    destroy(dom);
    EXPECT_EQ(refusal<wire::DomainGetState>({dom, 0}),
              "Domain not found: no domain with matching uuid '5ce00000-0000-4000-8000-000000000001' (t)");
}

TEST_F(Domains, UndefinedWhileItRunsItIsTransientAndDefinedAgainItStays) {
    const auto dom = define("a");
    start(dom);
    call<wire::DomainUndefine>({dom});
    EXPECT_EQ(call<wire::DomainIsPersistent>({dom}).persistent, 0);
    define("a");
    destroy(dom);
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_INACTIVE), ElementsAre("a"));
}

TEST_F(Domains, GoesWithItsClientIfItShall) {
    create("t", one, VIR_DOMAIN_START_AUTODESTROY);
    for (auto& gone : session->gone) gone();
    loop.run(guests->background().idle());
    EXPECT_THAT(list(), IsEmpty());
}

TEST_F(Domains, AutostartIsALinkThatFollowsARename) {
    const auto dom = define("a");
    call<wire::DomainSetAutostart>({dom, 1});
    call<wire::DomainSetAutostart>({dom, 1});
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_AUTOSTART), ElementsAre("a"));
    listen();
    call<wire::DomainRename>({dom, "b", 0});
    EXPECT_THAT(events(), ElementsAre("a 1/1", "b 0/2"));
    EXPECT_THAT(list_directory(etc("autostart")), ElementsAre("b.xml"));
    begin();
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_AUTOSTART), ElementsAre("b"));
    call<wire::DomainUndefine>({dom});
    EXPECT_THAT(list_directory(etc("autostart")), IsEmpty());
}

TEST_F(Domains, RenamesOnlyWhatMayBeRenamed) {
    const auto dom = define("a");
    define("b", two);
    EXPECT_EQ(refusal<wire::DomainRename>({dom, "b", 0}),
              "Requested operation is not valid: domain with name 'b' already exists");
    EXPECT_EQ(refusal<wire::DomainRename>({dom, "a", 0}),
              "Requested operation is not valid: Can't rename domain to itself");
    EXPECT_EQ(refusal<wire::DomainRename>({dom, "a/b", 0}), "XML error: name a/b cannot contain '/'");
    start(dom);
    EXPECT_EQ(refusal<wire::DomainRename>({dom, "c", 0}),
              "Requested operation is not valid: cannot rename active domain");
}

TEST_F(Domains, StartsMarkedGuestsOnceABoot) {
    const auto dom = define("a");
    call<wire::DomainSetAutostart>({dom, 1});
    loop.run(guests->autostart());
    EXPECT_EQ(state(dom), "1/1");
    destroy(dom);
    begin();
    loop.run(guests->autostart());
    EXPECT_EQ(state(dom), "5/0");
}

TEST_F(Domains, TakesOverWhatRunsAndItsId) {
    const auto dom = define("a");
    const auto transient = create("t", two);
    start(dom);
    call<wire::DomainSuspend>({dom});
    const int id = guests->find("a")->id();
    begin();
    EXPECT_THAT(hypervisor->adopted, ElementsAre("a", "t"));
    EXPECT_EQ(guests->find("a")->id(), id);
    EXPECT_EQ(guests->find("a")->pid(), 4711);
    EXPECT_EQ(state(dom), "3/1");
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_TRANSIENT), ElementsAre("t"));
    destroy(dom);
    start(dom);
    EXPECT_GT(guests->find("a")->id(), id);
}

TEST_F(Domains, ForgetsWhatNoLongerRuns) {
    const auto dom = define("a");
    create("t", two);
    start(dom);
    next_fails = true;
    begin();
    EXPECT_THAT(list(), ElementsAre("a"));
    EXPECT_EQ(state(dom), "5/6");
    EXPECT_THAT(list_directory(root + "/run/libvirt/qemu"), IsEmpty());
}

TEST_F(Domains, FiltersLists) {
    define("a");
    const auto b = define("b", two);
    start(b);
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_ACTIVE), ElementsAre("b"));
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_INACTIVE), ElementsAre("a"));
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_ACTIVE | VIR_CONNECT_LIST_DOMAINS_INACTIVE), ElementsAre("a", "b"));
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_PAUSED), IsEmpty());
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT), IsEmpty());
    EXPECT_EQ(call<wire::ConnectListAllDomains>({0, 0}).ret, 2U);
    EXPECT_THAT(call<wire::ConnectListAllDomains>({0, 0}).domains, IsEmpty());
    EXPECT_EQ(refusal<wire::ConnectListAllDomains>({1, 1U << 20}),
              "unsupported flags (0x100000) in function qemuConnectListAllDomains");
    for (int most = 0; most < 4; ++most)
        EXPECT_LE(call<wire::ConnectListDefinedDomains>({most}).names.size(), static_cast<std::size_t>(most));
}

TEST_F(Domains, KeptListsFollowEveryChange) {
    EXPECT_THAT(list(), IsEmpty());
    const auto dom = define("a");
    EXPECT_THAT(list(), ElementsAre("a"));
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_RUNNING), IsEmpty());
    start(dom);
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_RUNNING), ElementsAre("a"));
    call<wire::DomainSuspend>({dom});
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_RUNNING), IsEmpty());
}

TEST_F(Domains, ManagedSaveIsContinuedByTheNextStart) {
    const auto dom = define("a");
    start(dom);
    listen();
    call<wire::DomainManagedSave>({dom, 0});
    EXPECT_EQ(state(dom), "5/5");
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE), ElementsAre("a"));
    EXPECT_EQ(refusal<wire::DomainUndefine>({dom}),
              "Requested operation is not valid: Refusing to undefine while domain managed save image exists");
    EXPECT_EQ(refusal<wire::DomainRename>({dom, "b", 0}),
              "Requested operation is not valid: domain with a managed saved state can't be renamed");
    start(dom);
    EXPECT_EQ(state(dom), "1/3");
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE), IsEmpty());
    EXPECT_THAT(events(), ElementsAre("a 3/0", "a 5/4", "a 2/2", "a 4/2"));
    EXPECT_FALSE(path_exists(guests->managed_save_path("a")));
}

TEST_F(Domains, AGuestRestoredPausedSaysWhy) {
    const auto dom = define("a");
    start(dom);
    call<wire::DomainManagedSave>({dom, 0});
    start(dom, VIR_DOMAIN_START_PAUSED);
    EXPECT_EQ(state(dom), "3/2");
}

TEST_F(Domains, TaintsAreToldInTheOrderOfTheTable) {
    const auto dom = define("a");
    start(dom);
    const auto guest = guests->find("a");
    guest->taint("custom-device");
    guest->taint("high-privileges");
    guest->taint("custom-monitor");
    EXPECT_THAT(
        call<wire::DomainGetMessages>({dom, 0}).msgs,
        ElementsAre("tainted: custom monitor control commands issued",
                    "tainted: running with undesirable elevated privileges", "tainted: custom device configuration"));
}

TEST_F(Domains, AManagedSaveOutlivesTheDaemon) {
    const auto dom = define("a");
    start(dom);
    call<wire::DomainManagedSave>({dom, 0});
    begin();
    EXPECT_THAT(list(VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE), ElementsAre("a"));
    call<wire::DomainUndefineFlags>({dom, VIR_DOMAIN_UNDEFINE_MANAGED_SAVE});
    EXPECT_FALSE(path_exists(guests->managed_save_path("a")));
}

TEST_F(Domains, MetadataOfEachDefinitionIsItsOwn) {
    const auto dom = define("a");
    start(dom);
    call<wire::DomainSetMetadata>({dom, 0, "live", std::nullopt, std::nullopt, VIR_DOMAIN_AFFECT_LIVE});
    call<wire::DomainSetMetadata>({dom, 2, "<x/>", "k", "http://e", VIR_DOMAIN_AFFECT_CONFIG});
    EXPECT_EQ(call<wire::DomainGetMetadata>({dom, 0, std::nullopt, 0}).metadata, "live");
    EXPECT_EQ(call<wire::DomainGetMetadata>({dom, 2, "http://e", VIR_DOMAIN_AFFECT_CONFIG}).metadata, "<x/>");
    EXPECT_EQ(refusal<wire::DomainGetMetadata>({dom, 2, "http://e", 0}),
              "metadata not found: Requested metadata element is not present");
    EXPECT_EQ(refusal<wire::DomainSetMetadata>({dom, 1, "a\nb", std::nullopt, std::nullopt, 0}),
              "metadata title can't contain newlines");
    EXPECT_EQ(refusal<wire::DomainSetMetadata>({dom, 99, "x", std::nullopt, std::nullopt, 0}),
              "invalid argument: unknown metadata type '99'");
    destroy(dom);
    begin();
    EXPECT_EQ(call<wire::DomainGetMetadata>({dom, 2, "http://e", 0}).metadata, "<x/>");
}

Task<> ignore(Task<wire::DomainCreateXmlRet> task) {
    try {
        co_await std::move(task);
    } catch (const Error&) {
    }
}

TEST_F(Domains, AHungStartKeepsNobodyElseWaitingAndCanBeDestroyed) {
    hypervisor->hangs = true;
    TaskGroup group;
    group.spawn(ignore(calling<wire::DomainCreateXml>({document("t", one), 0})));
    loop.run_ready();
    define("a", two);
    EXPECT_THAT(list(), ElementsAre("a", "t"));
    EXPECT_EQ(state({"t", *Uuid::parse(one), 1}), "3/11");
    destroy({"t", *Uuid::parse(one), 1});
    hypervisor->released.set();
    loop.run(group.idle());
    EXPECT_THAT(list(), ElementsAre("a"));
}

TEST_F(Domains, WhoWaitedInVainForANewGuestsTurnDoesNotForgetIt) {
    const auto guest = guests->find_or_make("a", *Uuid::parse(one));
    auto turn = loop.run(guest->queue("define"));
    // Another one gives up while the first is still at it.
    guests->forget_unused(*guest);
    EXPECT_FALSE(guest->is_gone());
    turn.end();
    guests->forget_unused(*guest);
    EXPECT_TRUE(guest->is_gone());
    EXPECT_EQ(guests->registry().size(), 0U);
}

TEST_F(Domains, ATransientGuestThatDoesNotStartLeavesItsName) {
    hypervisor->fails = true;
    EXPECT_EQ(refusal<wire::DomainCreateXml>({document("t", one), 0}), "internal error: it does not start");
    EXPECT_EQ(guests->registry().size(), 0U);
    define("t", two);
}

Task<> ignore_define(Task<wire::DomainDefineXmlRet> task) {
    try {
        co_await std::move(task);
    } catch (const Error&) {
    }
}
Task<> rename_it(Task<wire::DomainRenameRet> task) { co_await std::move(task); }

TEST_F(Domains, BothNamesAreTakenDuringARename) {
    const auto dom = define("a");
    std::vector<Task<>> at_once;
    at_once.push_back(rename_it(calling<wire::DomainRename>({dom, "b", 0})));
    at_once.push_back(ignore_define(calling<wire::DomainDefineXml>({document("a", two)})));
    at_once.push_back(ignore_define(calling<wire::DomainDefineXml>({document("b", two)})));
    loop.run(all(std::move(at_once)));
    EXPECT_THAT(list(), ElementsAre("b"));
    begin();
    EXPECT_THAT(list(), ElementsAre("b"));
    EXPECT_EQ(guests->find("b")->uuid().text(), one);
}

TEST_F(Domains, TwoDefinitionsOfTheSameGuestAtOnceAreOneGuest) {
    TaskGroup group;
    std::vector<Task<wire::DomainDefineXmlRet>> both;
    both.push_back(calling<wire::DomainDefineXml>({document("a", one)}));
    both.push_back(calling<wire::DomainDefineXml>({document("a", one)}));
    loop.run(all(std::move(both)));
    EXPECT_THAT(list(), ElementsAre("a"));
}

TEST_F(Domains, AFullDiskLeavesNothingHalfDone) {
    std::filesystem::create_directories(etc("a.xml"));  // the definition cannot be put in place
    EXPECT_NE(refusal<wire::DomainDefineXml>({document("a", one)}), "");
    EXPECT_THAT(list(), IsEmpty());
    define("b", one);
}

}  // namespace
}  // namespace innkeeper::guests
