#include "xml/description.h"

#include <gtest/gtest.h>

#include "xml/compare.h"
#include "xml/parts.h"

namespace innkeeper::xml {

namespace {

enum class Colour { red, green };
constexpr auto names_of(Colour) { return names("red", "green"); }

struct Wheel {
    unsigned size = 0;
    bool operator==(const Wheel&) const = default;
};

struct Pedals {
    bool operator==(const Pedals&) const = default;
};
struct Motor {
    unsigned watts = 0;
    bool operator==(const Motor&) const = default;
};

struct Bike {
    Colour colour = Colour::red;
    std::optional<bool> bell;
    std::optional<std::uint8_t> gears;
    std::uint64_t load_kib = 0;
    std::string owner, key;
    std::variant<std::monostate, Pedals, Motor> drive;
    std::vector<Wheel> wheels;
    bool operator==(const Bike&) const = default;
};

const auto wheel_element = describe<Wheel>("wheel", attribute("size", &Wheel::size).required().at_least(1).hex(2));
const auto pedals_element = describe<Pedals>("drive");
const auto motor_element = describe<Motor>("drive", attribute("watts", &Motor::watts));
const auto bike_element = describe<Bike>(
    "bike",  //
    attribute("colour", &Bike::colour).fixed_across_migration(), attribute("bell", &Bike::bell, on_off),
    attribute("key", &Bike::key).secret(), attribute("gears", &Bike::gears).at_most(30),
    amount("load", &Bike::load_kib), child("owner", attribute("name", &Bike::owner)),
    child("drive",
          one_of("type", &Bike::drive, alternative("pedals", pedals_element), alternative("motor", motor_element))),
    children(&Bike::wheels, wheel_element));

Bike read(std::string_view text) { return bike_element.read(Document::parse(text, "(test)").root()); }

std::string complaint(std::string_view text) {
    try {
        read(text);
        return "accepted";
    } catch (const Error& error) {
        return error.message();
    }
}

}  // namespace

struct Slope {
    std::optional<std::int64_t> rise;
    std::optional<unsigned> length;
    bool operator==(const Slope&) const = default;
};

TEST(Description, TakesWhatIsNotWrittenForNothingHoweverItIsSpelled) {
    const auto element = describe<Slope>("slope", attribute("rise", &Slope::rise).omit("0"),
                                         attribute("length", &Slope::length).omit("0"));
    for (const char* zero : {"0", "00", "-0", "+0"}) {
        const std::string text = std::string("<slope rise='") + zero + "'/>";
        EXPECT_EQ(element.read(Document::parse(text, "(test)").root()), Slope{}) << zero;
    }
    EXPECT_EQ(element.read(Document::parse("<slope rise='-1' length='00'/>", "(test)").root()), Slope{.rise = -1});
}

TEST(Description, ReadsWhatItWrites) {
    const Bike bike{.colour = Colour::green,
                    .bell = true,
                    .gears = 21,
                    .load_kib = 2048,
                    .owner = "A & B",
                    .drive = Motor{250},
                    .wheels = {{28}, {26}}};
    const auto text = bike_element.format(bike);
    EXPECT_EQ(text,
              "<bike colour='green' bell='on' gears='21'>\n"
              "  <load unit='KiB'>2048</load>\n"
              "  <owner name='A &amp; B'/>\n"
              "  <drive type='motor' watts='250'/>\n"
              "  <wheel size='0x1c'/>\n"
              "  <wheel size='0x1a'/>\n"
              "</bike>\n");
    EXPECT_EQ(read(text), bike);
}

TEST(Description, LeavesOutWhatIsAbsentAndIgnoresWhatItDoesNotKnow) {
    EXPECT_EQ(read("<bike lights='2'><basket/></bike>"), Bike{});
    EXPECT_EQ(bike_element.format({}), "<bike colour='red'>\n  <load unit='KiB'>0</load>\n</bike>\n");
}

TEST(Description, SaysWhatIsWrongAndWhere) {
    EXPECT_EQ(complaint("<bike colour='blue'/>"),
              "XML error: Invalid value for attribute 'colour' in element 'bike': 'blue'.");
    EXPECT_EQ(
        complaint("<bike gears='-5'/>"),
        "XML error: Invalid value for attribute 'gears' in element 'bike': '-5'. Expected non-negative integer value");
    EXPECT_EQ(
        complaint("<bike gears='31'/>"),
        "XML error: Invalid value for attribute 'gears' in element 'bike': '31'. Expected non-negative integer value");
    EXPECT_EQ(complaint("<bike gears='99999999999999999999999'/>").substr(0, 17), "XML error: Invali");
    EXPECT_EQ(complaint("<bike><wheel/></bike>"), "XML error: Missing required attribute 'size' in element 'wheel'");
    EXPECT_EQ(complaint("<bike><drive type='steam'/></bike>"),
              "XML error: Invalid value for attribute 'type' in element 'drive': 'steam'.");
    EXPECT_EQ(complaint("<bike><load>abc</load></bike>"),
              "XML error: Invalid value 'abc' for element or attribute './load[1]'");
    EXPECT_EQ(complaint("<bike><load unit='parsec'>1</load></bike>"), "invalid argument: unknown suffix 'parsec'");
    EXPECT_EQ(complaint("<bike><load unit='E'>99999999999</load></bike>").substr(0, 8), "numerica");
}

TEST(Description, ReadsAmountsInAnyUnit) {
    EXPECT_EQ(read("<bike><load unit='MiB'>2</load></bike>").load_kib, 2048u);
    EXPECT_EQ(read("<bike><load unit='b'>1025</load></bike>").load_kib, 2u);
    EXPECT_EQ(read("<bike><load unit='KB'>1000</load></bike>").load_kib, 977u);
    EXPECT_EQ(read("<bike><load>7</load></bike>").load_kib, 7u);
}

TEST(Description, HidesSecretsFromThoseWhoMayNotSeeThem) {
    const Bike bike{.key = "4711"};
    EXPECT_EQ(bike_element.format(bike).find("4711"), std::string::npos);
    EXPECT_NE(bike_element.format(bike, {.secure = true}).find("4711"), std::string::npos);
}

TEST(Description, ComparesWithMarks) {
    const Bike before{.wheels = {{28}}};
    const Bike after{.colour = Colour::green, .drive = Pedals{}, .wheels = {{26}, {26}}};
    EXPECT_EQ(compare(bike_element, before, after),
              (std::vector<Difference>{{"bike@colour", "red", "green", true},
                                       {"bike/drive@type", "", "pedals", false},
                                       {"bike/wheel[1]@size", "0x1c", "0x1a", false},
                                       {"bike/wheel[2]", "", "present", false}}));
    EXPECT_TRUE(compare(bike_element, after, after).empty());
}

}  // namespace innkeeper::xml
