#include "drivers/secret/base64.h"

#include <gtest/gtest.h>

namespace innkeeper::secret {
namespace {

std::string encoded(std::string_view text) {
    return base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::optional<std::string> decoded(std::string_view text) {
    const auto bytes = from_base64(text);
    return bytes ? std::optional(std::string(bytes->begin(), bytes->end())) : std::nullopt;
}

TEST(Base64, EncodesAsTheStandardsExamples) {
    EXPECT_EQ(encoded(""), "");
    EXPECT_EQ(encoded("f"), "Zg==");
    EXPECT_EQ(encoded("fo"), "Zm8=");
    EXPECT_EQ(encoded("foo"), "Zm9v");
    EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64, DecodesWhatItEncoded) {
    std::string all;
    for (int c = 0; c < 256; ++c) {
        all += static_cast<char>(c);
        EXPECT_EQ(decoded(encoded(all)), all);
    }
    EXPECT_EQ(decoded("Zm8=\n"), "fo");
}

TEST(Base64, RefusesOtherTexts) {
    for (const char* text : {"Z", "Zg=", "Zg==Zg==", "Z===", "====", "Zm 9", "Zm9*"})
        EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace innkeeper::secret
