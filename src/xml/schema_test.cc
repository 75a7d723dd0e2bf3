#include "xml/schema.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/uuid.h"
#include "xml/parts.h"
#include "xml/validate.h"

namespace innkeeper::xml {
namespace {

enum class Colour { red, green };
constexpr auto names_of(Colour) { return names("red", "green"); }

struct Round {
    unsigned radius = 0;
};
struct Square {
    std::string side;
};

struct Box {
    Colour colour = Colour::red;
    std::optional<unsigned> address, weight;
    std::optional<Uuid> uuid;
    std::uint64_t memory = 0;
    bool readonly = false, is_empty = false;
    std::variant<Round, Square> shape;
    std::vector<Box> inner;
    std::vector<Fragment> notes;
};

const auto round_element = describe<Round>("shape", attribute("radius", &Round::radius).required());
const auto square_element = describe<Square>("shape", child("side", attribute("name", &Square::side)));

extern const Element<Box> box_element;
const Element<Box> box_element = describe<Box>(
    "box", attribute("colour", &Box::colour).required(), attribute("address", &Box::address).hex(4),
    value("weight", &Box::weight).at_least(1).at_most(9), value("uuid", &Box::uuid), amount("memory", &Box::memory),
    flag("readonly", &Box::readonly),
    child("shape",
          one_of("type", &Box::shape, alternative("round", round_element), alternative("square", square_element))
              .required()),
    when(&Box::is_empty, false, children(&Box::inner, box_element)), verbatim("note", &Box::notes),
    by_hand<Box>([](const Node&, Box&, const ParseFlags&) {}, [](const Box&, Writer&) {})
        .holds("@hand", "list/item@name", "list/item#", "empty/", "x:foreign"));

std::string grammar() {
    static constexpr Namespace namespaces[] = {{"x", "urn:x"}};
    return relaxng(box_element, namespaces);
}

std::string refusal(std::string_view inside, std::string_view attributes = "") {
    const auto text = "<box colour='red' " + std::string(attributes) + ">" + std::string(inside) + "</box>";
    try {
        validate(text, "(box)", "box", {"/nonexistent/box.rng", grammar});
        return "";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::xml_invalid_schema);
        return error.message();
    }
}

TEST(Schema, AcceptsWhatIsDescribedInAnyOrder) {
    EXPECT_EQ(refusal("<memory unit='KiB'>5</memory><weight>3</weight><readonly/>"), "");
    EXPECT_EQ(refusal("<readonly/><weight>3</weight><memory unit='KiB'>5</memory>"), "");
    EXPECT_EQ(refusal("", "address='0x00ff'"), "");
    EXPECT_EQ(refusal("", "address='255'"), "");
    EXPECT_EQ(refusal("<uuid>5ce00000-0000-4000-8000-000000000001</uuid>"), "");
}

TEST(Schema, RefusesWhatNobodyKnows) {
    EXPECT_NE(refusal("<bogus/>"), "");
    EXPECT_NE(refusal("", "bogus='1'"), "");
    EXPECT_NE(refusal("text"), "");
    EXPECT_NE(refusal("<memory bogus='1'>5</memory>"), "");
    EXPECT_NE(refusal("<readonly>yes</readonly>"), "");
    EXPECT_NE(refusal("<readonly/><readonly/>"), "");
}

TEST(Schema, KnowsTheTypesOfValues) {
    EXPECT_NE(refusal("<weight>0</weight>"), "");
    EXPECT_NE(refusal("<weight>10</weight>"), "");
    EXPECT_NE(refusal("<weight>heavy</weight>"), "");
    EXPECT_NE(refusal("", "address='0xfg'"), "");
    EXPECT_NE(refusal("<uuid>5ce0</uuid>"), "");
}

TEST(Schema, AUnionHasTheContentThatItsAttributeNames) {
    EXPECT_EQ(refusal("<shape type='round' radius='3'/>"), "");
    EXPECT_EQ(refusal("<shape type='square'><side name='a'/></shape>"), "");
    EXPECT_NE(refusal("<shape type='round'/>"), "");
    EXPECT_NE(refusal("<shape type='square' radius='3'/>"), "");
    EXPECT_NE(refusal("<shape type='oval'/>"), "");
    EXPECT_NE(refusal("<shape radius='3'/>"), "");
}

TEST(Schema, AnElementMayHoldItself) {
    EXPECT_EQ(refusal("<box colour='green'><box colour='red'/><box colour='red'/></box>"), "");
    EXPECT_NE(refusal("<box colour='green'><box colour='blue'/></box>"), "");
}

TEST(Schema, KnowsWhatIsReadByHandAndKeptAsItCame) {
    EXPECT_EQ(refusal("<list><item name='a'>b</item><item/></list><empty/>", "hand='1'"), "");
    EXPECT_NE(refusal("<list><item bogus='a'/></list>"), "");
    EXPECT_NE(refusal("<empty a='b'/>"), "");
    EXPECT_EQ(refusal("<note a='b'>text<c/></note><note/>"), "");
    EXPECT_EQ(refusal("<q:foreign xmlns:q='urn:x' a='b'><q:c/></q:foreign>"), "");
    EXPECT_NE(refusal("<q:foreign xmlns:q='urn:y'/>"), "");
    EXPECT_NE(refusal("<foreign/>"), "");
}

TEST(Validate, SaysWhatIsWrongWithTheFormFirst) {
    const Schema schema{"/nonexistent/box.rng", grammar};
    const auto code_of = [&](std::string_view text) {
        try {
            validate(text, "(box)", "box", schema);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::ok;
    };
    EXPECT_EQ(code_of("<box colour='red'><bogus></box>"), ErrorCode::xml_detail);
    EXPECT_EQ(code_of("<crate/>"), ErrorCode::xml_error);
    EXPECT_EQ(code_of("<!DOCTYPE box [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><box colour='red'>&a;</box>"),
              ErrorCode::xml_detail);
}

TEST(Validate, NamesTheSchemaAndWhatItRefused) {
    EXPECT_EQ(refusal("", "bogus='1'"),
              "XML document failed to validate against schema: Unable to validate doc against the built-in schema\n"
              "Invalid attribute bogus for element box\n");
}

}  // namespace
}  // namespace innkeeper::xml
