#include <gtest/gtest.h>

#include <string>

#include "drivers/nodedev/pci_config.h"
#include "drivers/nodedev/pci_names.h"
#include "drivers/nodedev/pci_vpd.h"

namespace innkeeper::nodedev {
namespace {

using model::nodedev::PciExpress;
using namespace std::string_literals;

/// A configuration space with one capability in it.
std::string config(unsigned char capability, unsigned char kind, std::uint32_t can, std::uint32_t does) {
    std::string bytes(256, '\0');
    bytes[0x06] = 0x10;
    bytes[0x34] = 0x40;
    bytes[0x40] = static_cast<char>(capability);
    bytes[0x42] = static_cast<char>(kind << 4);
    for (int i = 0; i < 4; ++i) bytes[0x4c + i] = static_cast<char>(can >> (8 * i));
    for (int i = 0; i < 2; ++i) bytes[0x52 + i] = static_cast<char>(does >> (8 * i));
    return bytes;
}

TEST(PciConfig, TellsWhatTheLinkCanAndDoes) {
    const auto express = express_of(config(0x10, 0, 0x02000043, 0x0021));
    ASSERT_TRUE(express);
    const std::vector<PciExpress::Link> links = {{"cap", 2, PciExpress::Speed::gt_8, 4},
                                                 {"sta", std::nullopt, PciExpress::Speed::gt_2_5, 2}};
    EXPECT_EQ(express->links, links);
    EXPECT_TRUE(express_of(config(0x10, 9, 0x02000043, 0x0021))->links.empty());
    EXPECT_FALSE(express_of(config(0x05, 0, 0, 0)));
    EXPECT_TRUE(express_of(std::string(4096, '\0')));
}

TEST(PciConfig, SurvivesAnything) {
    EXPECT_FALSE(express_of(""));
    EXPECT_EQ(header_of(""), PciHeader::device);
    auto circle = config(0x05, 0, 0, 0);
    circle[0x41] = 0x40;
    EXPECT_FALSE(express_of(circle));
}

std::string resource(unsigned char tag, const std::string& content) {
    return std::string{static_cast<char>(tag), static_cast<char>(content.size()), '\0'} + content;
}
std::string field(const std::string& keyword, const std::string& value) {
    return keyword + static_cast<char>(value.size()) + value;
}
/// A whole one, of which the checksum is right.
std::string whole(const std::string& fields, const std::string& more) {
    const auto before = resource(0x82, "Card X99");
    auto start = before + resource(0x90, fields + "RV\1"s + "?");
    start.pop_back();
    unsigned char sum = 0;
    for (const char c : start) sum = static_cast<unsigned char>(sum + static_cast<unsigned char>(c));
    return start + static_cast<char>(-sum) + more + "\x78";
}

TEST(PciVpd, IsReadFieldByField) {
    const auto vpd = parse_vpd(whole(field("PN", "ABC") + field("V0", "zz ") + field("SN", "s\1"),
                                     resource(0x91, field("YA", "tag") + field("YB", "mine"))));
    ASSERT_TRUE(vpd);
    EXPECT_EQ(vpd->name, "Card X99");
    ASSERT_EQ(vpd->fields.size(), 2U);
    const auto& fixed = std::get<model::nodedev::VpdReadOnly>(vpd->fields[0].access);
    EXPECT_EQ(fixed.part_number, "ABC");
    EXPECT_EQ(fixed.vendor_fields.at(0).value, "zz");
    EXPECT_EQ(fixed.serial_number, "");
    EXPECT_EQ(std::get<model::nodedev::VpdReadWrite>(vpd->fields[1].access).system_fields.at(0).index, "B");
}

TEST(PciVpd, IsNoneUnlessAllOfItFits) {
    const auto good = whole(field("PN", "ABC"), "");
    ASSERT_TRUE(parse_vpd(good));
    for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(parse_vpd(good.substr(0, size))) << size;
    auto wrong = good;
    wrong[3] = 'x';
    EXPECT_FALSE(parse_vpd(wrong)) << "the checksum is that of another name";
    EXPECT_FALSE(parse_vpd(std::string(1000, '\x90')));
}

TEST(PciNames, AreThoseOfTheList) {
    constexpr std::string_view list =
        "# a list\n\n8086  Intel Corporation\n\t10c9  82576 Gigabit\n\t\t8086 a03c  A board\n\t10ca  82576 Virtual\n"
        "1af4  Red Hat, Inc.\n\t1000  Virtio network\nC 02  Network\n8087  Not a vendor\n";
    const auto names = PciNames::find(list, {{0x8086, 0x10ca}, {0x1af4, 0x9999}, {0x8087, 1}, {0x8086, 0xa03c}});
    EXPECT_EQ(names.vendor(0x8086), "Intel Corporation");
    EXPECT_EQ(names.product({0x8086, 0x10ca}), "82576 Virtual");
    EXPECT_EQ(names.product({0x8086, 0xa03c}), "");
    EXPECT_EQ(names.vendor(0x1af4), "Red Hat, Inc.");
    EXPECT_EQ(names.product({0x1af4, 0x9999}), "");
    EXPECT_EQ(names.vendor(0x8087), "");
    EXPECT_FALSE(names.was_asked({0x8086, 0x10c9}));
}

}  // namespace
}  // namespace innkeeper::nodedev
