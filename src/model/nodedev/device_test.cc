#include "model/nodedev/device.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "xml/node.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model::nodedev {
namespace {

const std::filesystem::path goldens = std::filesystem::path(INNKEEPER_SOURCE_DIR) / "tests/golden/nodedev";

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

Device read(std::string_view text) {
    const auto document = xml::Document::parse(text, "(node_device_definition)");
    return device_element.read(document.root("device"));
}

std::string complaint(const std::string& text) {
    try {
        read(text);
        return "accepted";
    } catch (const Error& error) {
        return error.message();
    }
}
std::string complaint(std::string_view type, std::string_view inside) {
    return complaint("<device><name>n</name><capability type='" + std::string(type) + "'>" + std::string(inside) +
                     "</capability></device>");
}
std::string pci_complaint(std::string_view inside) {
    return complaint("pci",
                     "<domain>1</domain><bus>1</bus><slot>1</slot><function>1</function><product id='0x1'/>"
                     "<vendor id='0x1'/>" +
                         std::string(inside));
}

TEST(NodeDevice, IsWrittenAsItWasRead) {
    for (const auto& entry : std::filesystem::directory_iterator(goldens)) {
        const auto text = contents(entry.path());
        const auto read_once = read(text);
        EXPECT_EQ(device_element.format(read_once), text) << entry.path();
        EXPECT_TRUE(read(device_element.format(read_once)) == read_once) << entry.path();
    }
}

TEST(NodeDevice, HasAGrammarThatAdmitsWhatIsWritten) {
    const xml::Schema schema{"/nonexistent/nodedev.rng", [] { return xml::relaxng(device_element); }};
    for (const auto& entry : std::filesystem::directory_iterator(goldens))
        EXPECT_NO_THROW(xml::validate(contents(entry.path()), "(node_device_definition)", "device", schema))
            << entry.path();
    EXPECT_THROW(xml::validate("<device><name>a</name><bogus/></device>", "(node_device_definition)", "device", schema),
                 Error);
}

TEST(NodeDevice, IsAskedForByWhatIsWithinItToo) {
    const auto names = [](const char* golden) {
        std::string all;
        for (const auto ability : abilities(read(contents(goldens / golden))))
            all += std::string(xml::name(ability)) + " ";
        return all;
    };
    EXPECT_EQ(names("system.xml"), "system ");
    EXPECT_EQ(names("pci_mdev_types.xml"), "pci mdev_types ");
    EXPECT_EQ(names("pci_physical_function.xml"), "pci vpd ");
    EXPECT_EQ(names("scsi_host.xml"), "scsi_host fc_host vports ");
    EXPECT_EQ(names("css.xml"), "css mdev_types ");
    EXPECT_EQ(names("storage_removable.xml"), "storage ");
}

TEST(NodeDevice, RefusesInThePeersWords) {
    EXPECT_EQ(complaint("<device><name>x</name></device>"), "internal error: no device capabilities for 'new device'");
    EXPECT_EQ(complaint("bogus", ""),
              "XML error: Invalid value for attribute 'type' in element 'capability': 'bogus'.");
    EXPECT_EQ(complaint("<device><parent wwnn='20'/><capability type='net'/></device>"),
              "XML error: when providing parent wwnn='20', the wwpn must also be provided");
    EXPECT_EQ(complaint("system", "<hardware/>"), "internal error: no system UUID supplied for 'new device'");
    EXPECT_EQ(complaint("pci", "<domain>1</domain>"), "internal error: no PCI bus ID supplied for 'new device'");
    EXPECT_EQ(complaint("pci", "<domain>1</domain><bus>1</bus><slot>1</slot><function>1</function>"),
              "internal error: no PCI vendor ID supplied for 'new device'");
    EXPECT_EQ(complaint("usb_device", "<bus>1</bus><device>1</device><product id='1'/>"),
              "internal error: no USB vendor ID supplied for 'new device'");
    EXPECT_EQ(complaint("net", ""), "internal error: no network interface supplied for 'new device'");
    EXPECT_EQ(complaint("net", "<interface>a</interface><feature name='zz'/>"),
              "XML error: unknown network device feature 'zz'");
    EXPECT_EQ(complaint("scsi_host", "<capability type='z'/>"),
              "internal error: unknown SCSI host capability type 'z' for 'new device'");
    EXPECT_EQ(complaint("storage", "<block>/a</block>"), "internal error: no size supplied for 'new device'");
    EXPECT_EQ(complaint("drm", "<type>z</type>"), "unsupported configuration: unknown drm type 'z' for 'new device'");
    EXPECT_EQ(complaint("mdev", "<type/>"), "unsupported configuration: missing type id attribute for 'new device'");
    EXPECT_EQ(complaint("ap_queue", "<ap-adapter>1</ap-adapter><ap-domain>256</ap-domain>"),
              "unsupported configuration: ap-domain value '256' is out of range for 'new device'");
}

TEST(NodeDevice, RefusesWhatIsWithinAPciDeviceInThePeersWords) {
    EXPECT_EQ(pci_complaint("<capability type='zz'/>"), "accepted");
    EXPECT_EQ(pci_complaint("<capability/>"), "XML error: Missing capability type");
    EXPECT_EQ(pci_complaint("<capability type='phys_function'/>"),
              "XML error: Missing address in 'phys_function' capability");
    EXPECT_EQ(pci_complaint("<capability type='mdev_types'><type id='x'/></capability>"),
              "XML error: missing device API for mediated device type 'x'");
    EXPECT_EQ(pci_complaint("<capability type='vpd'><name>a</name><fields access='zz'/></capability>"),
              "XML error: Unsupported VPD field access type specified zz");
    EXPECT_EQ(pci_complaint("<iommuGroup/>"), "XML error: Missing required attribute 'number' in element 'iommuGroup'");
    EXPECT_EQ(pci_complaint("<pci-express><link validity='sta' speed='9' width='1'/></pci-express>"),
              "XML error: Invalid value for attribute 'speed' in element 'link': '9'.");
    EXPECT_EQ(pci_complaint("<pci-express><link/></pci-express>"), "accepted");
}

}  // namespace
}  // namespace innkeeper::model::nodedev
