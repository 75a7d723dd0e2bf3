#include "model/domain/schema.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "xml/validate.h"

namespace innkeeper::model {
namespace {

std::string document(std::string_view inside) {
    return "<domain type='qemu'><name>a</name><memory unit='KiB'>65536</memory><os><type>hvm</type></os>" +
           std::string(inside) + "</domain>";
}

std::string refusal(const std::string& text, const std::string& file) {
    try {
        xml::validate(text, "(domain_definition)", "domain", {file, domain_grammar});
        return "";
    } catch (const Error& error) {
        return error.message();
    }
}

std::string refusal(std::string_view inside) { return refusal(document(inside), "/nonexistent/domain.rng"); }

TEST(DomainSchema, KnowsWhatADomainHolds) {
    EXPECT_EQ(refusal(""), "");
    EXPECT_EQ(refusal("<metadata><a:b xmlns:a='urn:a'>any<c/></a:b></metadata>"), "");
    EXPECT_EQ(refusal("<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:arg value='-x'/>"
                      "</q:commandline>"),
              "");
    EXPECT_NE(refusal("<q:bogus xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'/>"), "");
    EXPECT_NE(refusal("<devices><bogus/></devices>"), "");
    EXPECT_NE(refusal("<devices><interface type='user'><source bogus='1'/></interface></devices>"), "");
}

TEST(DomainSchema, AChainOfBackingStoresMayBeOfAnyLength) {
    const std::string layer = "<backingStore type='file'><format type='qcow2'/><source file='/a'/>";
    EXPECT_EQ(refusal("<devices><disk type='file'><target dev='vda'/>" + layer + layer +
                      "<backingStore/></backingStore></backingStore></disk></devices>"),
              "");
    EXPECT_NE(refusal("<devices><disk type='file'><target dev='vda'/>" + layer + layer +
                      "<bogus/></backingStore></backingStore></disk></devices>"),
              "");
}

TEST(CpuSchema, AGuestsAndAHostsBothFollowIt) {
    const auto is_refused = [](const std::string& text) {
        try {
            xml::validate(text, "(CPU_definition)", "cpu", {"/nonexistent/cpu.rng", cpu_grammar});
            return false;
        } catch (const Error&) {
            return true;
        }
    };
    EXPECT_FALSE(is_refused("<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>"));
    EXPECT_FALSE(
        is_refused("<cpu><arch>x86_64</arch><model>Haswell</model><pages size='4'/><feature name='x'/></cpu>"));
    EXPECT_TRUE(is_refused("<cpu mode='custom'><arch>x86_64</arch><model>Haswell</model></cpu>"));
    EXPECT_TRUE(is_refused("<cpu><model>Haswell</model><bogus/></cpu>"));
}

TEST(DomainSchema, TheInstalledFileIsNamedAndObeyed) {
    const std::string file = "/usr/share/libvirt/schemas/domain.rng";
    if (::access(file.c_str(), R_OK) != 0) GTEST_SKIP() << "no installed schema";
    EXPECT_EQ(refusal(document(""), file), "");
    EXPECT_EQ(refusal(document("<bogus-element/>"), file),
              "XML document failed to validate against schema: Unable to validate doc against " + file +
                  "\nElement domain has extra content: bogus-element\n");
}

}  // namespace
}  // namespace innkeeper::model
