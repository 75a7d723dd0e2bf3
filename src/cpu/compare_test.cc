#include "cpu/compare.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "cpu/x86_cpu.h"

namespace innkeeper::cpu {
namespace {

X86Cpu haswell() { return {.vendor = "Intel", .features = known_model("Haswell").features, .signature = {}}; }

Comparison with_haswell(std::string_view document) { return compare(haswell(), read_cpu(document)); }

TEST(Compare, ToldByWhatTheOtherHas) {
    EXPECT_EQ(with_haswell("<cpu><arch>x86_64</arch><model>Haswell</model></cpu>").fit, Fit::identical);
    EXPECT_EQ(with_haswell("<cpu><arch>x86_64</arch><model>Penryn</model></cpu>").fit, Fit::superset);
    EXPECT_EQ(with_haswell("<cpu><arch>x86_64</arch><model>Broadwell</model></cpu>").reason,
              "Host CPU does not provide required features: rdseed, adx, smap, 3dnowprefetch");
    EXPECT_EQ(with_haswell("<cpu><arch>ppc64</arch><model>POWER8</model></cpu>").reason,
              "CPU arch ppc64 does not match host arch");
    EXPECT_EQ(with_haswell("<cpu><arch>x86_64</arch><model>Penryn</model><vendor>AMD</vendor></cpu>").reason,
              "host CPU vendor does not match required CPU vendor AMD");
}

TEST(Compare, AGuestSaysHowMuchItInsists) {
    const auto guest = [](std::string_view feature, std::string_view match = "exact") {
        return with_haswell("<cpu match='" + std::string(match) + "'><model>Haswell</model>" + std::string(feature) +
                            "</cpu>");
    };
    EXPECT_EQ(guest("<feature policy='require' name='sse4a'/>").fit, Fit::incompatible);
    EXPECT_EQ(guest("<feature policy='optional' name='sse4a'/>").fit, Fit::identical);
    EXPECT_EQ(guest("<feature policy='force' name='sse4a'/>").fit, Fit::identical);
    EXPECT_EQ(guest("<feature policy='forbid' name='aes'/>").reason, "Host CPU provides forbidden features: aes");
    EXPECT_EQ(with_haswell("<cpu match='strict'><model>Haswell-noTSX</model></cpu>").reason,
              "Host CPU does not strictly match guest CPU: Extra features: hle, rtm");
    EXPECT_EQ(with_haswell("<cpu mode='host-model'/>").fit, Fit::superset);
}

TEST(Compare, DocumentsAreReadStrictly) {
    const auto refusal = [](std::string_view text) {
        try {
            with_haswell(text);
        } catch (const Error& error) {
            return error.message();
        }
        return std::string();
    };
    EXPECT_EQ(refusal("<cpu><arch>x86_64</arch></cpu>"), "XML error: Missing CPU model name");
    EXPECT_EQ(refusal("<cpu mode='custom'><arch>x86_64</arch><model>Penryn</model></cpu>"),
              "unsupported configuration: Attribute mode is only allowed for guest CPU");
    EXPECT_EQ(refusal("<cpu><arch>pdp11</arch><model>x</model></cpu>"),
              "unsupported configuration: Unknown architecture pdp11");
    EXPECT_EQ(refusal("<cpu><model>Pentagon</model></cpu>"), "internal error: Unknown CPU model Pentagon");
    EXPECT_EQ(refusal("<domain/>"), "XML error: XML does not contain expected 'cpu' element");
}

TEST(HostCpu, SurvivesBeingReadAndWritten) {
    const std::string text = R"(<cpu>
  <arch>x86_64</arch>
  <model>Broadwell</model>
  <vendor>Intel</vendor>
  <microcode version='1'/>
  <signature family='6' model='79' stepping='1'/>
  <counter name='tsc' frequency='2599998000' scaling='no'/>
  <topology sockets='1' dies='1' cores='2' threads='1'/>
  <maxphysaddr mode='emulate' bits='48'/>
  <feature name='vme'/>
  <feature name='ss'/>
  <pages unit='KiB' size='4'/>
</cpu>
)";
    EXPECT_EQ(model::host_cpu_element.format(read_host_cpu(text)), text);
}

}  // namespace
}  // namespace innkeeper::cpu
