#include "model/nwfilter/binding.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/validate.h"

namespace innkeeper::model {
namespace {

constexpr std::string_view owner = "<owner><name>foo</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>";
constexpr std::string_view port = "<portdev name='vnet0'/>", mac = "<mac address='52:54:00:11:22:33'/>",
                           filter = "<filterref filter='f'/>";

std::string binding(std::initializer_list<std::string_view> parts) {
    std::string text = "<filterbinding>";
    for (const auto part : parts) text += part;
    return text + "</filterbinding>";
}

std::string complaint(const std::string& text) {
    try {
        parse_filter_binding(text);
        return "";
    } catch (const Error& error) {
        return error.message();
    }
}

TEST(FilterBinding, IsWrittenAsThePeerWritesIt) {
    const std::string text = R"(<filterbinding>
  <owner>
    <name>foo</name>
    <uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid>
  </owner>
  <portdev name='vnet0'/>
  <linkdev name='eth9'/>
  <mac address='52:54:00:11:22:33'/>
  <filterref filter='clean-traffic'>
    <parameter name='A' value='9'/>
    <parameter name='A' value='1'/>
    <parameter name='IP' value='10.0.0.1'/>
  </filterref>
</filterbinding>
)";
    EXPECT_EQ(filter_binding.format(parse_filter_binding(text)), text);
}

TEST(FilterBinding, SaysWhatIsMissingInThePeersOrder) {
    EXPECT_EQ(complaint(binding({})), "internal error: filter binding has no port dev name");
    EXPECT_EQ(complaint(binding({port, "<linkdev/>"})), "internal error: filter binding has no link dev name");
    EXPECT_EQ(complaint(binding({port, filter})), "internal error: filter binding has no owner name");
    EXPECT_EQ(complaint(binding({port, filter, "<owner><name>foo</name></owner>"})),
              "internal error: filter binding has no owner UUID");
    EXPECT_EQ(complaint(binding({port, filter, owner})), "internal error: filter binding has no MAC address");
    EXPECT_EQ(complaint(binding({port, mac, owner})), "internal error: filter binding has no filter reference");
    EXPECT_EQ(complaint(binding({port, owner, filter, "<mac address='z'/>"})),
              "internal error: Unable to parse MAC 'z'");
    EXPECT_EQ(complaint(binding({port, mac, filter, "<owner><name>foo</name><uuid>d5</uuid></owner>"})),
              "internal error: Unable to parse UUID 'd5'");
}

TEST(FilterBinding, ItsSchemaIsMadeOfTheDeclaration) {
    const xml::Schema schema{"/nonexistent/nwfilterbinding.rng", filter_binding_grammar};
    const auto validate = [&](const std::string& text) { xml::validate(text, "(b)", "filterbinding", schema); };
    EXPECT_NO_THROW(validate(binding({owner, port, mac, filter})));
    EXPECT_THROW(validate(binding({owner, port, mac, filter, "<bogus/>"})), Error);
    EXPECT_THROW(validate(binding({port, mac, filter})), Error);
}

TEST(FilterReference, KeepsWhatCanBeANameAndAValueInOrder) {
    const auto read = parse_filter_binding(
        binding({owner, port, mac,
                 "<filterref filter='f'><parameter name='z' value='1'/><parameter name='IP'/><parameter value='1'/>"
                 "<parameter name='A' value='x y'/><parameter name='A' value='$B'/><parameter name='I P' value='1'/>"
                 "<parameter name='A' value='2'/><parameter name='A' value=''/><parameter name='A' value='1:a.F_'/>"
                 "<parameter name='' value='1'/></filterref>"}));
    const std::vector<FilterReference::Parameter> kept{{"", "1"}, {"A", "2"}, {"A", "1:a.F_"}, {"z", "1"}};
    EXPECT_EQ(read.filter.parameters, kept);
    EXPECT_EQ(parse_filter_binding(filter_binding.format(read)), read);
}

}  // namespace
}  // namespace innkeeper::model
