#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/domain/domain.h"

/// What is said of wrong values in elements that few guests have; the goldens have the right ones.
namespace innkeeper::model {
namespace {

std::string complaint(const std::string& inside) {
    try {
        parse_domain(
            "<domain type='qemu'><name>e</name><memory>1048576</memory><vcpu>4</vcpu><os><type>hvm</type></os>" +
            inside + "</domain>");
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

std::string sysinfo(const std::string& inside) { return complaint("<sysinfo type='smbios'>" + inside + "</sysinfo>"); }
std::string date(const std::string& text) { return sysinfo("<bios><entry name='date'>" + text + "</entry></bios>"); }

TEST(Sysinfo, HasATypeDatesAndAnIdentity) {
    EXPECT_EQ(complaint("<sysinfo/>"), "XML error: Missing required attribute 'type' in element 'sysinfo'");
    EXPECT_EQ(complaint("<sysinfo type='foo'/>"),
              "XML error: Invalid value for attribute 'type' in element 'sysinfo': 'foo'.");
    for (const auto* good : {"1/2/03", "12/31/1999", "+1/ 1/99", "1/1/19999"}) EXPECT_EQ(date(good), "") << good;
    for (const auto* bad :
         {"2003-01-02", "13/02/2003", "1/32/2003", "0/1/2003", "1/1/203", "1/1/99x", "1/31/-1", "1/1"})
        EXPECT_EQ(date(bad), "Invalid BIOS 'date' format") << bad;
    EXPECT_EQ(sysinfo("<system><entry name='uuid'>zzz</entry></system>"), "malformed <sysinfo> uuid element");
}

TEST(Sysinfo, FirmwareValuesHaveANameAndAValue) {
    const auto entry = [](const std::string& text) {
        return complaint("<sysinfo type='fwcfg'>" + text + "</sysinfo>");
    };
    EXPECT_EQ(entry("<entry>v</entry>"), "XML error: Firmware entry is missing 'name' attribute");
    EXPECT_EQ(entry("<entry name='opt/a'/>"), "XML error: Firmware entry must have either value or 'file' attribute");
}

TEST(IdMap, CoversTheRootOfUsersAndGroups) {
    const auto map = [](const std::string& text) { return complaint("<idmap>" + text + "</idmap>"); };
    EXPECT_EQ(map("<uid start='0' target='1' count='1'/>"),
              "unsupported configuration: uid and gid should be mapped both");
    EXPECT_EQ(map("<uid start='1' target='1' count='1'/><gid start='0' target='1' count='1'/>"),
              "unsupported configuration: You must map the root user of container");
    EXPECT_EQ(map("<uid start='0' target='1'/><gid start='0' target='1' count='1'/>"),
              "XML error: invalid idmap start/target/count settings");
    EXPECT_EQ(map("<uid start='x' target='1' count='1'/><gid start='0' target='1' count='1'/>"),
              "XML error: invalid idmap start/target/count settings");
}

TEST(MemoryBandwidth, IsSharedByTheSameProcessorsOrNone) {
    const auto tune = [](const std::string& text) { return complaint("<cputune>" + text + "</cputune>"); };
    EXPECT_EQ(tune("<memorytune><node id='0' bandwidth='1'/></memorytune>"),
              "XML error: Missing memorytune attribute 'vcpus'");
    EXPECT_EQ(tune("<memorytune vcpus='x'/>"), "XML error: Invalid memorytune attribute 'vcpus' value 'x'");
    EXPECT_EQ(tune("<memorytune vcpus='0'><node id='0' bandwidth='101'/></memorytune>"),
              "XML error: Memory Bandwidth value exceeding 100 is invalid.");
    EXPECT_EQ(tune("<memorytune vcpus='0'><node id='3' bandwidth='1'/><node id='3' bandwidth='2'/></memorytune>"),
              "XML error: Memory Bandwidth already defined for node 3");
    EXPECT_EQ(tune("<memorytune vcpus='0-1'><node id='0' bandwidth='1'/></memorytune>"
                   "<memorytune vcpus='1-2'><node id='0' bandwidth='1'/></memorytune>"),
              "XML error: Overlapping vcpus in resctrls");
    EXPECT_EQ(tune("<cachetune vcpus='0-1'><cache id='0' level='3' type='both' size='3' unit='MiB'/></cachetune>"
                   "<memorytune vcpus='0-1'><node id='0' bandwidth='1'/></memorytune>"),
              "");
}

TEST(Hostdev, OfScsiSaysWhichDevice) {
    const auto scsi = [](const std::string& source, const std::string& more = "") {
        return complaint("<devices><hostdev mode='subsystem' type='scsi'>" + source + more + "</hostdev></devices>");
    };
    EXPECT_EQ(scsi("<source><address bus='0' target='0' unit='0'/></source>"),
              "XML error: 'adapter' name must be specified for scsi hostdev source");
    EXPECT_EQ(scsi("<source><adapter name='scsi_host0'/><address bus='0' target='0'/></source>"),
              "XML error: Missing required attribute 'unit' in element 'address'");
    EXPECT_EQ(scsi("<source protocol='foo' name='x'/>"),
              "unsupported configuration: Unknown SCSI subsystem protocol 'foo'");
    EXPECT_EQ(scsi("<source protocol='iscsi' name='x'/>"), "XML error: missing the host address for the iSCSI hostdev");
    EXPECT_EQ(scsi("<source protocol='iscsi' name='x'><host name='a'/><host name='b'/></source>"),
              "XML error: only one source host address may be specified for the iSCSI hostdev");
    EXPECT_EQ(scsi("<source protocol='iscsi' name='x'><host name='a'/></source>", "<address type='pci' slot='5'/>"),
              "unsupported configuration: SCSI host device must use 'drive' address type");
}

TEST(Hostdev, OfAScsiHostHasAName) {
    const auto host = [](const std::string& attributes) {
        return complaint("<devices><hostdev mode='subsystem' type='scsi_host'><source " + attributes +
                         "/></hostdev></devices>");
    };
    EXPECT_EQ(host("wwpn='naa.5123456789abcde0'"), "XML error: Missing scsi_host subsystem protocol");
    EXPECT_EQ(host("protocol='vhost'"), "XML error: missing vhost-scsi hostdev source wwpn");
    for (const auto* bad : {"naa.123", "eui.5123456789abcde0", "naa.5123456789abcdez", "5123456789abcde0"})
        EXPECT_EQ(host("protocol='vhost' wwpn='" + std::string(bad) + "'"), "XML error: malformed 'wwpn' value") << bad;
    EXPECT_EQ(host("protocol='vhost' wwpn='naa.5123456789abcde0'"), "");
}

TEST(MemoryDevice, HasWhatItsModelNeeds) {
    const auto module = [](const std::string& model, const std::string& target, const std::string& source = "") {
        return complaint("<devices><memory model='" + model + "'><source>" + source +
                         "</source><target><size unit='MiB'>64</size>" + target + "</target></memory></devices>");
    };
    const std::string path = "<path>/p</path>";
    EXPECT_EQ(module("nvdimm", ""), "path is required for model 'nvdimm'");
    EXPECT_EQ(module("nvdimm", "<label><size>100</size></label>", path),
              "XML error: nvdimm label must be at least 128KiB");
    EXPECT_EQ(module("nvdimm", "<label><size unit='MiB'>64</size></label>", path),
              "XML error: label size must be smaller than NVDIMM size");
    EXPECT_EQ(module("virtio-pmem", "<node>0</node>", path),
              "unsupported configuration: virtio-pmem does not support NUMA nodes");
    EXPECT_EQ(module("virtio-mem", "<block>3000</block>"), "block size must be a power of two");
    EXPECT_EQ(module("virtio-mem", "<block>1024</block>"), "block size too small, must be at least 2048KiB");
    EXPECT_EQ(module("virtio-mem", "<block>2048</block><requested>2049</requested>"),
              "requested size must be an integer multiple of block size");
    EXPECT_EQ(module("virtio-mem", "<block>2048</block><requested>65537</requested>"),
              "requested size must be smaller than or equal to @size (65536KiB)");
    EXPECT_EQ(module("dimm", "<label><size>1</size></label>"), "");
}

std::string cell(const std::string& cache) {
    return complaint("<cpu><numa><cell id='0' cpus='0-3' memory='1048576'>" + cache + "</cell></numa></cpu>");
}
std::string line(const std::string& line) {
    return complaint("<cpu><numa><cell id='0' cpus='0-3' memory='1048576'/><interconnects>" + line +
                     "</interconnects></numa></cpu>");
}

TEST(NumaCache, IsDescribedWhole) {
    const std::string size = "<size value='1'/>", all = size + "<line value='1'/>";
    EXPECT_EQ(cell("<cache associativity='full' policy='none'>" + all + "</cache>"),
              "XML error: Missing 'level' attribute in cache element for NUMA node 0");
    EXPECT_EQ(cell("<cache level='0' associativity='full' policy='none'>" + all + "</cache>"),
              "XML error: Invalid 'level' attribute in cache element for NUMA node 0");
    EXPECT_EQ(cell("<cache level='4' associativity='full' policy='none'>" + all + "</cache>"),
              "XML error: Cache level '4' of NUMA node 0 is out of range: there are 1 to 3");
    EXPECT_EQ(cell("<cache level='1' policy='none'>" + all + "</cache>"),
              "XML error: Missing 'associativity' attribute in cache element for NUMA node 0");
    EXPECT_EQ(cell("<cache level='1' associativity='no' policy='none'>" + all + "</cache>"),
              "XML error: Invalid cache associativity 'no'");
    EXPECT_EQ(cell("<cache level='1' associativity='full' policy='none'>" + size + "</cache>"),
              "XML error: missing element or attribute './line/@value'");
    const std::string one = "<cache level='1' associativity='full' policy='none'>" + all + "</cache>";
    EXPECT_EQ(cell(one + one), "XML error: Cache level '1' already defined");
}

TEST(NumaInterconnect, SpeaksOfWhatIsThereAndOnce) {
    const std::string latency = "<latency initiator='0' target='0' type='access' value='5'/>";
    EXPECT_EQ(line(latency + latency), "XML error: Duplicate info for NUMA latencies");
    EXPECT_EQ(line(latency + "<bandwidth initiator='0' target='0' type='access' value='5'/>"), "");
    EXPECT_EQ(line("<latency initiator='3' target='0' type='access' value='5'/>"),
              "XML error: 'initiator' refers to a non-existent NUMA node");
    EXPECT_EQ(line("<latency initiator='0' target='1' type='access' value='5'/>"),
              "XML error: 'target' refers to a non-existent NUMA node");
    EXPECT_EQ(line("<latency initiator='0' target='0' cache='2' type='access' value='5'/>"),
              "XML error: 'cache' refers to a non-existent NUMA node cache");
    EXPECT_EQ(line("<bandwidth initiator='0' target='0' type='access' value='q'/>"),
              "XML error: Invalid value 'q' for element or attribute './@value'");
    EXPECT_EQ(line("<bandwidth initiator='0' target='0' type='access'/>"),
              "XML error: missing element or attribute './@value'");
}

std::string disk(const std::string& type, const std::string& source) {
    return complaint("<devices><disk type='" + type + "' device='lun'><source " + source +
                     "</source><target dev='sda' bus='scsi'/></disk></devices>");
}

TEST(StorageSource, CookiesAreThoseOfTheStandard) {
    const auto cookie = [](const std::string& text) {
        return disk("network", "protocol='https' name='a'><host name='h'/><cookies>" + text + "</cookies>");
    };
    EXPECT_EQ(cookie("<cookie>v</cookie>"), "XML error: missing cookie name");
    EXPECT_EQ(cookie("<cookie name='a'></cookie>"), "XML error: missing value for cookie 'a'");
    EXPECT_EQ(cookie("<cookie name='a b'>v</cookie>"), "XML error: cookie name 'a b' contains invalid characters");
    EXPECT_EQ(cookie("<cookie name='a'>x;y</cookie>"), "XML error: value of cookie 'a' contains invalid characters");
    EXPECT_EQ(cookie("<cookie name='a'>x</cookie><cookie name='a'>y</cookie>"), "XML error: duplicate cookie 'a'");
}

TEST(StorageSource, SlicesHaveABeginningAndASize) {
    const auto slice = [](const std::string& text) {
        return disk("file", "file='/a'><slices><slice type='storage' " + text + "/></slices>");
    };
    EXPECT_EQ(slice("size='1'"), "XML error: missing offset or size attribute of slice");
    EXPECT_EQ(slice("offset='x' size='1'"), "XML error: malformed value 'x' of 'offset' attribute of slice");
    EXPECT_EQ(slice("offset='0' size='-1'"), "XML error: malformed value '-1' of 'size' attribute of slice");
}

TEST(StorageSource, SomebodyMakesTheReservations) {
    const auto helper = [](const std::string& text) {
        return disk("block", "dev='/dev/a'><reservations " + text + "</reservations>");
    };
    EXPECT_EQ(helper(">"), "XML error: Missing required attribute 'managed' in element 'reservations'");
    EXPECT_EQ(helper("managed='no'>"), "XML error: missing connection type for <reservations/>");
    EXPECT_EQ(helper("managed='no'><source type='unix'/>"), "XML error: missing path for <reservations/>");
    EXPECT_EQ(helper("managed='no'><source type='unix' path='/s'/>"),
              "XML error: missing connection mode for <reservations/>");
    EXPECT_EQ(helper("managed='no'><source type='tcp' path='/s' mode='client'/>"),
              "XML error: unsupported connection type for <reservations/>: tcp");
    EXPECT_EQ(helper("managed='no'><source type='unix' path='/s' mode='server'/>"),
              "XML error: unsupported connection mode for <reservations/>: server");
}

TEST(Security, OfLaunchesAndKeysIsOfAKnownKind) {
    EXPECT_EQ(complaint("<launchSecurity/>"),
              "XML error: Missing required attribute 'type' in element 'launchSecurity'");
    EXPECT_EQ(complaint("<launchSecurity type='sev'/>"), "XML error: failed to get launch security policy");
    EXPECT_EQ(complaint("<launchSecurity type='sev'><cbitpos>x</cbitpos><policy>1</policy></launchSecurity>"),
              "XML error: Invalid format for launch security cbitpos");
    EXPECT_EQ(complaint("<keywrap><cipher name='aes' state='on'/><cipher name='aes' state='off'/></keywrap>"),
              "internal error: A domain definition can have no more than one cipher node with name aes");
    EXPECT_EQ(complaint("<keywrap><cipher name='foo' state='on'/></keywrap>"),
              "XML error: Invalid value for attribute 'name' in element 'cipher': 'foo'.");
}

TEST(QemuNamespace, OverridesFitTheirTypes) {
    const auto property = [](const std::string& text) {
        try {
            parse_domain(
                "<domain type='qemu' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><name>e</name><memory>1"
                "</memory><os><type>hvm</type></os><q:override><q:device alias='a'><q:frontend><q:property " +
                text + "/></q:frontend></q:device></q:override></domain>");
        } catch (const Error& error) {
            return std::string(error.message());
        }
        return std::string();
    };
    EXPECT_EQ(property("name='x' type='signed' value='-5'"), "");
    EXPECT_EQ(property("type='string' value='v'"), "XML error: missing 'name' attribute for qemu:property");
    EXPECT_EQ(property("name='x' value='v'"), "XML error: Missing required attribute 'type' in element 'property'");
    EXPECT_EQ(property("name='x' type='string'"), "XML error: missing 'value' attribute for 'qemu:property'");
    EXPECT_EQ(property("name='x' type='unsigned' value='v'"),
              "XML error: invalid value 'v' of 'value' attribute of 'qemu:property'");
    EXPECT_EQ(property("name='x' type='bool' value='yes'"),
              "XML error: invalid value 'yes' of 'value' attribute of 'qemu:property'");
}

}  // namespace
}  // namespace innkeeper::model
