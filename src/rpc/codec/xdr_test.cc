#include "rpc/codec/xdr.h"

#include <gtest/gtest.h>

#include "base/error.h"

using namespace std::string_literals;

namespace innkeeper::rpc {
namespace {

std::string written(void (*write)(XdrWriter&)) {
    std::string bytes;
    XdrWriter out(bytes);
    write(out);
    return bytes;
}

TEST(Xdr, PutsTheHighByteFirst) {
    EXPECT_EQ(written([](XdrWriter& out) { out.put_int32(-2); }), "\xff\xff\xff\xfe"s);
    EXPECT_EQ(written([](XdrWriter& out) { out.put_uint64(0x0102030405060708); }), "\1\2\3\4\5\6\7\10"s);
    EXPECT_EQ(written([](XdrWriter& out) { out.put_double(1.0); }), "\x3f\xf0\0\0\0\0\0\0"s);
}

TEST(Xdr, PadsTexts) {
    EXPECT_EQ(written([](XdrWriter& out) { out.put_string("", 9); }), "\0\0\0\0"s);
    EXPECT_EQ(written([](XdrWriter& out) { out.put_string("abcde", 9); }), "\0\0\0\5abcde\0\0\0"s);
    EXPECT_EQ(written([](XdrWriter& out) { out.put_string("abcd", 9); }), "\0\0\0\4abcd"s);
}

TEST(Xdr, GivesEachCharacterFourBytes) {
    EXPECT_EQ(written([](XdrWriter& out) { out.put_chars("\xff", 9); }), "\0\0\0\1\xff\xff\xff\xff"s);
    EXPECT_EQ(XdrReader("\0\0\0\2\0\0\0a\0\0\1b"s).get_chars(9), "ab");
}

TEST(Xdr, DoesNotMindPaddingThatIsNotZero) {
    const std::string bytes = "\0\0\0\1axyz\0\0\0\7"s;
    XdrReader in(bytes);
    EXPECT_EQ(in.get_string(9), "a");
    EXPECT_EQ(in.get_uint32(), 7u);
}

TEST(Xdr, TakesAnyNumberForTrue) {
    EXPECT_TRUE(XdrReader("\0\0\1\0"s).get_bool());
    EXPECT_FALSE(XdrReader("\0\0\0\0"s).get_bool());
}

TEST(Xdr, EndsATextAtItsFirstNul) {
    const std::string bytes = "\0\0\0\7/a\0/b.c\0"s;
    EXPECT_EQ(XdrReader(bytes).get_string(9), "/a");
    EXPECT_EQ(written([](XdrWriter& out) { out.put_string("a\0b"s, 9); }), "\0\0\0\1a\0\0\0"s);
}

TEST(Xdr, RefusesALengthOverTheLimit) {
    const std::string bytes = "\0\0\0\5abcde\0\0\0"s;
    EXPECT_EQ(XdrReader(bytes).get_string(5), "abcde");
    EXPECT_THROW(XdrReader(bytes).get_string(4), Error);
    EXPECT_THROW(XdrReader(bytes).get_bytes(4), Error);
    EXPECT_THROW(written([](XdrWriter& out) { out.put_string("abcde", 4); }), Error);
}

TEST(Xdr, RefusesALengthThatIsNotThereBeforeAllocating) {
    EXPECT_THROW(XdrReader("\xff\xff\xff\xff"s).get_string(0xffffffff), Error);
    EXPECT_THROW(XdrReader("\x7f\xff\xff\xff"s).get_count(0xffffffff, 12), Error);
    EXPECT_THROW(XdrReader("\0\0\0\1a"s).get_string(4), Error);  // without its padding
}

TEST(Xdr, NamesTheFailureAsClientsKnowIt) {
    try {
        XdrReader("").get_uint32();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::rpc);
        EXPECT_EQ(error.domain(), ErrorDomain::rpc);
        EXPECT_EQ(error.message(), "Unable to decode message payload");
    }
}

}  // namespace
}  // namespace innkeeper::rpc
