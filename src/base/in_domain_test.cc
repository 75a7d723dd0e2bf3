#include "base/in_domain.h"

#include <gtest/gtest.h>

namespace innkeeper {
namespace {

ErrorDomain domain_of(ErrorDomain thrown) {
    try {
        in_domain(ErrorDomain::network, [&] { throw Error(ErrorCode::xml_error, thrown, "wrong"); });
        return ErrorDomain::none;
    } catch (const Error& error) {
        return error.domain();
    }
}

TEST(InDomain, GivesItToWhatHasNone) {
    EXPECT_EQ(domain_of(ErrorDomain::none), ErrorDomain::network);
    EXPECT_EQ(domain_of(ErrorDomain::xml), ErrorDomain::xml);
    EXPECT_EQ(in_domain(ErrorDomain::network, [] { return 7; }), 7);
}

}  // namespace
}  // namespace innkeeper
