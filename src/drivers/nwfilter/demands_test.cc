#include "drivers/nwfilter/demands.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "xml/node.h"

namespace innkeeper::nwfilter {
namespace {

class Defined {
  public:
    DefPtr add(std::string_view name, std::string_view inside) {
        const auto text = fmt::format("<filter name='{}'>{}</filter>", name, inside);
        const auto document = xml::Document::parse(text, "(nwfilter_definition)");
        const auto def = std::make_shared<const model::Filter>(model::nwfilter.read(document.root("filter")));
        return all_[std::string(name)] = def;
    }
    Lookup lookup() const {
        return [this](std::string_view name) {
            const auto found = all_.find(name);
            return found == all_.end() ? nullptr : found->second;
        };
    }

  private:
    std::map<std::string, DefPtr, std::less<>> all_;
};

std::string rule(std::string_view fields) {
    return fmt::format("<rule action='drop' direction='out'><ip {}/></rule>", fields);
}
std::string reference(std::string_view filter, std::string_view parameters = "") {
    return fmt::format("<filterref filter='{}'>{}</filterref>", filter, parameters);
}
using Names = std::vector<std::string>;

TEST(Demands, AFilterHasTheRulesOfThoseThatItRefersTo) {
    Defined filters;
    filters.add("empty", "");
    filters.add("rules", rule(""));
    filters.add("outer", reference("empty") + reference("rules"));
    EXPECT_FALSE(demands_of({"empty", {}}, filters.lookup()).has_rules);
    const auto demands = demands_of({"outer", {}}, filters.lookup());
    EXPECT_TRUE(demands.has_rules);
    EXPECT_EQ(demands.filters, (std::set<std::string, std::less<>>{"empty", "outer", "rules"}));
}

TEST(Demands, AFilterThatIsMissingIsNamed) {
    Defined filters;
    filters.add("outer", reference("gone"));
    try {
        demands_of({"outer", {}}, filters.lookup());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.message(), "internal error: referenced filter 'gone' is missing");
    }
}

TEST(Demands, VariablesNeedValuesAndListsElements) {
    Defined filters;
    filters.add("f", rule("srcmacaddr='$MAC' srcipaddr='$IP' dstipaddr='$FOO'") + rule("srcipaddr='$ABC[1]'") +
                         rule("srcipaddr='$FOO'") + rule("srcipaddr='$ABC[@2]'"));
    EXPECT_EQ(demands_of({"f", {}}, filters.lookup()).unresolved, (Names{"FOO", "ABC[1]", "ABC[@2]"}));
    EXPECT_EQ(demands_of({"f", {{"ABC", "1"}, {"FOO", "1"}}}, filters.lookup()).unresolved, (Names{"ABC[1]"}));
    EXPECT_EQ(demands_of({"f", {{"ABC", "1"}, {"ABC", "2"}, {"FOO", "1"}}}, filters.lookup()).unresolved, Names{});
}

TEST(Demands, AReferenceGivesItsValuesToWhatIsBehindIt) {
    Defined filters;
    filters.add("inner", rule("srcipaddr='$A'"));
    filters.add("middle", reference("inner"));
    filters.add("outer", reference("middle", "<parameter name='A' value='10.0.0.1'/>"));
    EXPECT_EQ(demands_of({"outer", {}}, filters.lookup()).unresolved, Names{});
    EXPECT_EQ(demands_of({"middle", {}}, filters.lookup()).unresolved, Names{"A"});
}

TEST(Demands, FiltersThatMultiplyAreRefusedBeforeTheyTakeAllMemory) {
    Defined filters;
    filters.add("f0", "");
    for (int i = 1; i < 40; ++i)
        filters.add(fmt::format("f{}", i),
                    reference(fmt::format("f{}", i - 1), fmt::format("<parameter name='A{}' value='1'/>", i)) +
                        reference(fmt::format("f{}", i - 1), fmt::format("<parameter name='B{}' value='1'/>", i)));
    EXPECT_THROW(demands_of({"f39", {}}, filters.lookup()), Error);
}

TEST(Demands, ALoopIsSeenWhereItWouldClose) {
    Defined filters;
    filters.add("a", reference("b"));
    EXPECT_FALSE(leads_to_itself(*filters.add("b", reference("c")), filters.lookup()));
    EXPECT_TRUE(leads_to_itself(*filters.add("c", reference("a")), filters.lookup()));
    EXPECT_TRUE(leads_to_itself(*filters.add("self", reference("self")), filters.lookup()));
}

}  // namespace
}  // namespace innkeeper::nwfilter
