#include "rpc/codec/typed_params.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "protocol/remote/domain.h"

namespace innkeeper::rpc {
namespace {

TypedParams sample() {
    TypedParams params;
    add_ullong(params, "cpu_shares", 1024);
    add_llong(params, "vcpu_quota", -1);
    add_string(params, "name", "x");
    return params;
}

std::string refusal(const TypedParams& params, std::initializer_list<ParamRule> rules) {
    try {
        check(params, rules);
    } catch (const Error& error) {
        return error.message();
    }
    return {};
}

TEST(TypedParams, AreFoundByName) {
    EXPECT_EQ(find_ullong(sample(), "cpu_shares"), 1024u);
    EXPECT_EQ(find_llong(sample(), "vcpu_quota"), -1);
    EXPECT_EQ(find_string(sample(), "name"), "x");
    EXPECT_EQ(find_int(sample(), "absent"), std::nullopt);
}

TEST(TypedParams, AreOfOneType) {
    EXPECT_THROW(find_uint(sample(), "cpu_shares"), Error);
    EXPECT_EQ(refusal(sample(), {{"cpu_shares", ParamType::uint_}}),
              "invalid argument: invalid type 'ullong' for parameter 'cpu_shares', expected 'uint'");
}

TEST(TypedParams, MustBeKnownAndNotRepeated) {
    TypedParams params = sample();
    EXPECT_EQ(refusal(params, {{"cpu_shares", ParamType::ullong}}),
              "argument unsupported: parameter 'vcpu_quota' not supported");
    params.resize(1);
    params.push_back(params[0]);
    EXPECT_EQ(refusal(params, {{"cpu_shares", ParamType::ullong}}),
              "invalid argument: parameter 'cpu_shares' occurs multiple times");
    EXPECT_EQ(refusal(params, {{"cpu_shares", ParamType::ullong, true}}), "");
}

TEST(TypedParams, LeaveOutStringsForClientsThatCannotReadThem) {
    EXPECT_EQ(readable(sample(), strings_okay).size(), 3u);
    EXPECT_EQ(readable(sample(), 1).size(), 2u);
}

TEST(TypedParams, LeaveOutNamesThatWouldMakeAClientFail) {
    TypedParams params;
    add_int(params, std::string(79, 'x'), 1);
    add_int(params, std::string(80, 'x'), 1);
    EXPECT_EQ(params.size(), 1u);
}

TEST(TypedParams, AnswerInTwoSteps) {
    protocol::remote::DomainGetMemoryParametersRet asked;
    answer(asked, sample(), 0);
    EXPECT_EQ(asked.nparams, 3);
    EXPECT_TRUE(asked.params.empty());
    asked = {};
    answer(asked, sample(), 2);
    EXPECT_EQ(asked.nparams, 0);
    EXPECT_EQ(asked.params.size(), 2u);
}

}  // namespace
}  // namespace innkeeper::rpc
