#include "drivers/qemu/sealing.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gtest/gtest.h>

#include <vector>

namespace innkeeper::qemu {
namespace {

std::string opened(const std::string& key, const SealedSecret& sealed) {
    const auto decoded = [](const std::string& text) {
        gnutls_datum_t in{reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())),
                          static_cast<unsigned>(text.size())};
        gnutls_datum_t out{};
        EXPECT_EQ(gnutls_base64_decode2(&in, &out), 0);
        std::string bytes(reinterpret_cast<const char*>(out.data), out.size);
        gnutls_free(out.data);
        return bytes;
    };
    std::string data = decoded(sealed.data), vector = decoded(sealed.iv), secret = key;
    const auto datum = [](std::string& bytes) {
        return gnutls_datum_t{reinterpret_cast<unsigned char*>(bytes.data()), static_cast<unsigned>(bytes.size())};
    };
    const gnutls_datum_t with = datum(secret), start = datum(vector);
    gnutls_cipher_hd_t cipher = nullptr;
    EXPECT_EQ(gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_CBC, &with, &start), 0);
    EXPECT_EQ(gnutls_cipher_decrypt(cipher, data.data(), data.size()), 0);
    gnutls_cipher_deinit(cipher);
    data.resize(data.size() - static_cast<unsigned char>(data.back()));
    return data;
}

std::vector<std::uint8_t> bytes(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Sealing, OpensWithItsKeyOnly) {
    const auto key = make_master_key();
    for (const std::string text : {"", "a", "0123456789abcdef", "a somewhat longer passphrase"})
        EXPECT_EQ(opened(key, seal(key, bytes(text))), text);
    EXPECT_NE(make_master_key(), key);
}

TEST(Sealing, TheSameValueLooksDifferentEachTime) {
    const auto key = make_master_key();
    EXPECT_NE(seal(key, bytes("hello")).data, seal(key, bytes("hello")).data);
}

}  // namespace
}  // namespace innkeeper::qemu
