#include <gtest/gtest.h>

#include "base/error.h"
#include "model/capabilities/host_capabilities.h"
#include "model/capabilities/pool_capabilities.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {
namespace {

CpuSet cpus(std::string_view text) { return *CpuSet::parse(text); }

HostCapabilities a_host() {
    HostCell cell{.id = 0, .memory_kib = 1024, .pages = {{4, 256}}, .distances = {{0, 10}}};
    cell.processors = {{.id = 0, .socket = 0, .die = 0, .core = 0, .siblings = cpus("0-1")}, {.id = 1}};
    HostCapabilities capabilities;
    capabilities.host = {.uuid = Uuid::parse("4df3c9d5-2686-4118-bddb-f5aa769194ba"),
                         .cpu = {.arch = "x86_64"},
                         .power_management = {.to_memory = true},
                         .migration = {{.live = true, .transports = {{"tcp"}}}},
                         .cells = {cell},
                         .caches = {{0, 3, "both", 16, "MiB", cpus("0-1")}},
                         .security = {{"dac", "0", {{"kvm", "+0:+0"}}}, {"none", "", {}}}};
    capabilities.guests = {{.os_type = "hvm",
                            .arch = "x86_64",
                            .word_size = 64,
                            .emulator = "/usr/bin/qemu-system-x86_64",
                            .machines = {{.max_cpus = 255, .name = "pc-1"}, {"pc-1", 255, true, "pc"}},
                            .domain_types = {{"qemu"}, {"kvm"}},
                            .features = {.acpi = {{.can_be_toggled = true}}, .cpu_selection = true}}};
    return capabilities;
}

constexpr std::string_view document = R"(<capabilities>

  <host>
    <uuid>4df3c9d5-2686-4118-bddb-f5aa769194ba</uuid>
    <cpu>
      <arch>x86_64</arch>
    </cpu>
    <power_management>
      <suspend_mem/>
    </power_management>
    <iommu support='no'/>
    <migration_features>
      <live/>
      <uri_transports>
        <uri_transport>tcp</uri_transport>
      </uri_transports>
    </migration_features>
    <topology>
      <cells num='1'>
        <cell id='0'>
          <memory unit='KiB'>1024</memory>
          <pages unit='KiB' size='4'>256</pages>
          <distances>
            <sibling id='0' value='10'/>
          </distances>
          <cpus num='2'>
            <cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0-1'/>
            <cpu id='1'/>
          </cpus>
        </cell>
      </cells>
    </topology>
    <cache>
      <bank id='0' level='3' type='both' size='16' unit='MiB' cpus='0-1'/>
    </cache>
    <secmodel>
      <model>dac</model>
      <doi>0</doi>
      <baselabel type='kvm'>+0:+0</baselabel>
    </secmodel>
    <secmodel>
      <model>none</model>
      <doi></doi>
    </secmodel>
  </host>

  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize>
      <emulator>/usr/bin/qemu-system-x86_64</emulator>
      <machine maxCpus='255'>pc-1</machine>
      <machine canonical='pc-1' maxCpus='255' deprecated='yes'>pc</machine>
      <domain type='qemu'/>
      <domain type='kvm'/>
    </arch>
    <features>
      <acpi default='on' toggle='yes'/>
      <cpuselection/>
    </features>
  </guest>

</capabilities>
)";

TEST(HostCapabilities, AreWrittenAsThePeerWritesThem) { EXPECT_EQ(format_host_capabilities(a_host()), document); }

TEST(HostCapabilities, AreReadAgain) {
    const auto read = xml::Document::parse(document, "(capabilities)");
    EXPECT_EQ(host_capabilities_element.read(read.root("capabilities")), a_host());
}

TEST(HostCapabilities, FollowTheirSchema) {
    const xml::Schema schema{"/nonexistent/capability.rng", [] { return xml::relaxng(host_capabilities_element); }};
    const auto validate = [&](const std::string& text) { xml::validate(text, "(c)", "capabilities", schema); };
    EXPECT_NO_THROW(validate(std::string(document)));
    EXPECT_THROW(validate("<capabilities><host><bogus/></host></capabilities>"), Error);
    EXPECT_THROW(validate("<capabilities><host><cpu><arch>x86_64</arch><bogus/></cpu></host></capabilities>"), Error);
}

TEST(HostCapabilities, AMachineWithoutCellsSaysSo) {
    EXPECT_NE(format_host_capabilities({}).find("      <cells num='0'>\n      </cells>\n"), std::string::npos);
}

TEST(PoolCapabilities, AreWrittenAsThePeerWritesThem) {
    PoolCapabilities capabilities;
    capabilities.pools = {
        {.type = "dir", .supported = true, .volume = {{{"raw"}, Choice::of("targetFormatType", {"raw"})}}},
        {.type = "gluster"}};
    EXPECT_EQ(pool_capabilities_element.format(capabilities), R"(<storagepoolCapabilities>
  <pool type='dir' supported='yes'>
    <volOptions>
      <defaultFormat type='raw'/>
      <enum name='targetFormatType'>
        <value>raw</value>
      </enum>
    </volOptions>
  </pool>
  <pool type='gluster' supported='no'>
  </pool>
</storagepoolCapabilities>
)");
}

}  // namespace
}  // namespace innkeeper::model
