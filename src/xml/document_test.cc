#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/metadata.h"
#include "xml/node.h"
#include "xml/scanner.h"

namespace innkeeper::xml {

namespace {

/// The complaint about a text, or "accepted".
std::string complaint(std::string_view text, const Limits& limits = {}) {
    try {
        Document::parse(text, "(domain_definition)", limits);
        return "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::xml_detail);
        return error.message();
    }
}

std::string repeated(std::string_view part, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += part;
    return out;
}

}  // namespace

TEST(Document, ComplainsAsThePeerDoes) {
    EXPECT_EQ(complaint("<domain\n"), "(domain_definition):2: Couldn't find end of Start Tag domain line 1\n(null)\n^");
    EXPECT_EQ(complaint("-<domain type=\"test\">\n"),
              "(domain_definition):1: Start tag expected, '<' not found\n-<domain type=\"test\">\n^");
}

TEST(Document, NamesTheRootThatItWanted) {
    try {
        Document::parse("<network/>", "(domain_definition)").root("domain");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::xml_error);
        EXPECT_EQ(error.message(), "XML error: expecting root element of 'domain', not 'network'");
    }
}

TEST(Document, RefusesWhatExpandsOrFetches) {
    EXPECT_NE(complaint("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"), "accepted");
    EXPECT_NE(complaint("<!DOCTYPE a SYSTEM 'http://example.org/a.dtd'><a/>"), "accepted");
    std::string laughs = "<!DOCTYPE a [<!ENTITY l0 'ha'>";
    for (int i = 1; i < 30; ++i)
        laughs += "<!ENTITY l" + std::to_string(i) + " '" + repeated("&l" + std::to_string(i - 1) + ";", 10) + "'>";
    EXPECT_NE(complaint(laughs + "]><a>&l29;</a>"), "accepted");
    EXPECT_NE(complaint("<a>&nbsp;</a>"), "accepted");
}

TEST(Document, BoundsDepthAttributesAndSize) {
    EXPECT_EQ(complaint(repeated("<a>", 256) + repeated("</a>", 256)), "accepted");
    EXPECT_NE(complaint(repeated("<a>", 257) + repeated("</a>", 257)), "accepted");
    EXPECT_NE(complaint(repeated("<a>", 1000000)), "accepted");
    std::string many = "<a";
    for (int i = 0; i < 1000000; ++i) many += " a" + std::to_string(i) + "=''";
    EXPECT_NE(complaint(many + "/>"), "accepted");
    EXPECT_NE(complaint("<a>" + std::string(100, ' ') + "</a>", {.bytes = 64}), "accepted");
    const auto declaring = [](int first, int count) {
        std::string out = "<a";
        for (int i = first; i < first + count; ++i) out += " xmlns:n" + std::to_string(i) + "='u'";
        return out + ">";
    };
    EXPECT_EQ(complaint("<a>" + repeated(declaring(0, 200) + "</a>", 2) + "</a>"), "accepted");
    EXPECT_NE(complaint(declaring(0, 200) + declaring(200, 200) + "</a></a>"), "accepted");
}

TEST(Document, LooksForASentenceNoFurtherThanTheFault) {
    std::string many = "<b";
    for (int i = 0; i < 1000000; ++i) many += " a" + std::to_string(i) + "=''";
    EXPECT_EQ(complaint("<a>\n&none;" + many + "/></a>").substr(0, 55),
              "(domain_definition):2: Entity 'none' not defined\n&none;");
    // What libxml2 would accept, since it knows the encoding or the entity, is refused by our own sentence.
    EXPECT_TRUE(
        complaint("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4" + many + "/></a>").ends_with("not accepted"));
    EXPECT_TRUE(complaint("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;" + many + "/></a>").ends_with("not accepted"));
}

TEST(Document, RefusesTextThatIsNone) {
    EXPECT_NE(complaint(std::string_view("<a>\0</a>", 8)), "accepted");
    EXPECT_NE(complaint("<a>\xff\xfe</a>"), "accepted");
    EXPECT_NE(complaint("<a>\xc0\xaf</a>"), "accepted");
    EXPECT_NE(complaint("<a b='1' b='2'/>"), "accepted");
    EXPECT_NE(complaint("<a></b>"), "accepted");
    EXPECT_NE(complaint("<a/><b/>"), "accepted");
    EXPECT_NE(complaint(""), "accepted");
}

TEST(Metadata, KeepsOneElementOfEachNamespaceAndFindsItWithoutItsPrefix) {
    const auto document = Document::parse(
        "<metadata xmlns:x='urn:x'><none/><x:a b='1'><x:c/></x:a><y:a xmlns:y='urn:x'/></metadata>", "(test)");
    auto metadata = Metadata::read(document.root());
    EXPECT_EQ(metadata.find("urn:x"), "<a b=\"1\">\n  <c/>\n</a>");
    EXPECT_EQ(metadata.find("urn:none"), std::nullopt);

    metadata.set("urn:z", "k", "<q><r/></q>");
    EXPECT_EQ(metadata.find("urn:z"), "<q>\n  <r/>\n</q>");
    Writer writer;
    metadata.write(writer);
    EXPECT_EQ(std::move(writer).take(),
              "<metadata>\n"
              "  <x:a xmlns:x=\"urn:x\" b=\"1\">\n    <x:c/>\n  </x:a>\n"
              "  <k:q xmlns:k=\"urn:z\">\n    <k:r/>\n  </k:q>\n"
              "</metadata>\n");
    EXPECT_TRUE(metadata.remove("urn:x"));
    EXPECT_FALSE(metadata.remove("urn:x"));
}

}  // namespace innkeeper::xml
