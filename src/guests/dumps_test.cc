#include <gmock/gmock.h>

#include "guests/fake_for_tests.h"
#include "protocol/constants.h"
#include "protocol/remote/domain.h"

/// What clients are told of definitions is kept, and follows every change of them.
namespace innkeeper::guests {
namespace {

namespace wire = protocol::remote;
using namespace protocol;
using testing::HasSubstr;
using testing::Not;

class Dumps : public GuestsTest {
  protected:
    static std::string document(std::string_view name, unsigned mib, std::string_view more = "") {
        return fmt::format(
            "<domain type='qemu'><name>{}</name><uuid>5ce00000-0000-4000-8000-000000000001</uuid>"
            "<memory unit='MiB'>{}</memory><vcpu>2</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>"
            "<devices><graphics type='vnc' passwd='secret'/></devices>{}</domain>",
            name, mib, more);
    }
    wire::Domain define(std::string_view name, unsigned mib) {
        return call<wire::DomainDefineXml>({document(name, mib)}).dom;
    }
    std::string dump(const wire::Domain& who, std::uint32_t flags = 0) {
        return call<wire::DomainGetXmlDesc>({who, flags}).xml;
    }
    std::uint64_t memory(const wire::Domain& who) { return call<wire::DomainGetInfo>({who}).maxMem; }

    wire::Domain dom;
    void SetUp() override {
        GuestsTest::SetUp();
        dom = define("a", 48);
        begin();  // nothing but the file knows it now
    }
};

TEST_F(Dumps, AreTheSameFromTheFileAndFromWhatIsKept) {
    const std::string first = dump(dom);
    EXPECT_THAT(first, HasSubstr("<memory unit='KiB'>49152</memory>"));
    EXPECT_GT(guests->documents().bytes(), first.size());
    EXPECT_EQ(dump(dom), first);
}

TEST_F(Dumps, ShowPasswordsOnlyToThoseWhoAskAndMay) {
    EXPECT_THAT(dump(dom), Not(HasSubstr("secret")));
    EXPECT_THAT(dump(dom, VIR_DOMAIN_XML_SECURE), HasSubstr("secret"));
    EXPECT_THAT(dump(dom), Not(HasSubstr("secret")));
}

TEST_F(Dumps, FollowADefinition) {
    dump(dom);
    EXPECT_EQ(memory(dom), 49152U);
    define("a", 64);
    EXPECT_THAT(dump(dom), HasSubstr("<memory unit='KiB'>65536</memory>"));
    EXPECT_EQ(memory(dom), 65536U);
}

TEST_F(Dumps, FollowUndefiningAndDefiningAgain) {
    dump(dom);
    memory(dom);
    call<wire::DomainUndefine>({dom});
    EXPECT_THAT(refusal<wire::DomainGetXmlDesc>({dom, 0}), HasSubstr("no domain with matching uuid"));
    EXPECT_THAT(refusal<wire::DomainGetInfo>({dom}), HasSubstr("no domain with matching uuid"));
    define("a", 64);
    EXPECT_THAT(dump(dom), HasSubstr("65536"));
    EXPECT_EQ(memory(dom), 65536U);
}

TEST_F(Dumps, FollowARename) {
    dump(dom);
    call<wire::DomainRename>({dom, "b", 0});
    EXPECT_THAT(dump(dom), HasSubstr("<name>b</name>"));
    EXPECT_EQ(memory(dom), 49152U);
}

TEST_F(Dumps, FollowStartChangesWhileItRunsAndEnd) {
    const std::string before = dump(dom), stored = dump(dom, VIR_DOMAIN_XML_INACTIVE);
    call<wire::DomainCreate>({dom});
    EXPECT_THAT(dump(dom), HasSubstr("<domain type='qemu' id='1'>"));
    EXPECT_EQ(dump(dom, VIR_DOMAIN_XML_INACTIVE), stored);

    guests->find(dom.uuid)->set_balloon(32768);
    EXPECT_THAT(dump(dom), HasSubstr("<currentMemory unit='KiB'>32768</currentMemory>"));
    EXPECT_EQ(call<wire::DomainGetInfo>({dom}).memory, 32768U);
    EXPECT_EQ(dump(dom, VIR_DOMAIN_XML_INACTIVE), stored);

    call<wire::DomainDestroy>({dom});
    EXPECT_EQ(dump(dom), before);
    EXPECT_EQ(call<wire::DomainGetInfo>({dom}).memory, 49152U);
}

TEST_F(Dumps, FollowADefinitionThatIsForTheNextStart) {
    call<wire::DomainCreate>({dom});
    const std::string running = dump(dom);
    dump(dom, VIR_DOMAIN_XML_INACTIVE);
    define("a", 64);
    EXPECT_EQ(dump(dom), running);
    EXPECT_EQ(memory(dom), 49152U);
    EXPECT_THAT(dump(dom, VIR_DOMAIN_XML_INACTIVE), HasSubstr("65536"));
    call<wire::DomainDestroy>({dom});
    EXPECT_THAT(dump(dom), HasSubstr("65536"));
    EXPECT_EQ(memory(dom), 65536U);
}

TEST_F(Dumps, FollowMetadata) {
    dump(dom);
    call<wire::DomainSetMetadata>({dom, 1, "new title", std::nullopt, std::nullopt, VIR_DOMAIN_AFFECT_CONFIG});
    EXPECT_THAT(dump(dom), HasSubstr("<title>new title</title>"));
    call<wire::DomainCreate>({dom});
    dump(dom);
    call<wire::DomainSetMetadata>({dom, 1, "live title", std::nullopt, std::nullopt, VIR_DOMAIN_AFFECT_LIVE});
    EXPECT_THAT(dump(dom), HasSubstr("<title>live title</title>"));
    EXPECT_THAT(dump(dom, VIR_DOMAIN_XML_INACTIVE), HasSubstr("<title>new title</title>"));
}

TEST_F(Dumps, FollowAManagedSaveAndWhatContinuesIt) {
    call<wire::DomainCreate>({dom});
    dump(dom);
    call<wire::DomainManagedSave>({dom, 0});
    EXPECT_THAT(dump(dom), Not(HasSubstr(" id='")));
    call<wire::DomainCreate>({dom});
    EXPECT_THAT(dump(dom), HasSubstr(" id='2'"));
}

TEST_F(Dumps, OfATransientGuestGoWithIt) {
    call<wire::DomainUndefine>({dom});
    call<wire::DomainCreateXml>({document("a", 32), 0});
    EXPECT_THAT(dump(dom), HasSubstr("32768"));
    call<wire::DomainDestroy>({dom});
    EXPECT_THAT(refusal<wire::DomainGetXmlDesc>({dom, 0}), HasSubstr("no domain with matching uuid"));
    call<wire::DomainCreateXml>({document("a", 33), 0});
    EXPECT_THAT(dump(dom), HasSubstr("33792"));
}

TEST_F(Dumps, OfABrokenFileSayWhatIsWrong) {
    write_file(etc("a.xml"), "<domain type='qemu'><name>a</name>");
    EXPECT_THAT(refusal<wire::DomainGetXmlDesc>({dom, 0}), HasSubstr("(domain_definition):1"));
    EXPECT_EQ(guests->documents().bytes(), 0U);
}

/// More than one turn reads by itself: the rest comes by way of the pool.
TEST_F(Dumps, OfManyAtOnceAllArrive) {
    constexpr unsigned many = 40;
    const std::string large(2000, 'x');
    std::vector<wire::Domain> doms;
    for (unsigned i = 0; i < many; ++i)
        doms.push_back(call<wire::DomainDefineXml>(
                           {fmt::format("<domain type='qemu'><name>g{0}</name><description>{1}{0}</description>"
                                        "<memory>1024</memory><os><type>hvm</type></os></domain>",
                                        i, large)})
                           .dom);
    begin();
    std::vector<Task<wire::DomainGetXmlDescRet>> questions;
    for (const auto& one : doms) questions.push_back(calling<wire::DomainGetXmlDesc>({one, 0}));
    const auto answers = loop.run(all(std::move(questions)));
    for (unsigned i = 0; i < many; ++i) EXPECT_THAT(answers[i].xml, HasSubstr(fmt::format("x{}</description>", i)));
}

TEST_F(Dumps, OfALargeDocumentComeByWayOfThePool) {
    const std::string large(20'000, 'x');
    call<wire::DomainDefineXml>({document("a", 64, "<description>" + large + "</description>")});
    begin();
    EXPECT_THAT(dump(dom), HasSubstr(large));
}

}  // namespace
}  // namespace innkeeper::guests
