#include "drivers/qemu/sealing.h"

#include <fmt/format.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sys/random.h>

#include <array>
#include <memory>
#include <vector>

#include "base/error.h"

namespace innkeeper::qemu {

namespace {

constexpr std::size_t key_size = 32, block = 16;

std::string base64(std::span<const std::uint8_t> bytes) {
    gnutls_datum_t in{const_cast<unsigned char*>(bytes.data()), static_cast<unsigned>(bytes.size())};
    gnutls_datum_t out{};
    if (gnutls_base64_encode2(&in, &out) != 0) throw Error(ErrorCode::internal_error, "cannot encode a secret");
    std::string text(reinterpret_cast<const char*>(out.data), out.size);
    gnutls_free(out.data);
    return text;
}

void fill_randomly(void* to, std::size_t count) {
    if (::getrandom(to, count, 0) != static_cast<ssize_t>(count)) throw Error::system(errno, "cannot get random bytes");
}

}  // namespace

std::string make_master_key() {
    std::string key(key_size, '\0');
    fill_randomly(key.data(), key.size());
    return key;
}

SealedSecret seal(const std::string& master_key, std::span<const std::uint8_t> value) {
    if (master_key.size() != key_size) throw Error(ErrorCode::internal_error, "the master key has a wrong size");
    std::vector<std::uint8_t> padded(value.begin(), value.end());
    const auto padding = static_cast<std::uint8_t>(block - value.size() % block);
    padded.insert(padded.end(), padding, padding);
    std::array<std::uint8_t, block> vector{};
    fill_randomly(vector.data(), vector.size());

    const gnutls_datum_t key{reinterpret_cast<unsigned char*>(const_cast<char*>(master_key.data())), key_size};
    const gnutls_datum_t start{vector.data(), block};
    gnutls_cipher_hd_t opened = nullptr;
    int failed = gnutls_cipher_init(&opened, GNUTLS_CIPHER_AES_256_CBC, &key, &start);
    if (failed == 0) {
        failed = gnutls_cipher_encrypt(opened, padded.data(), padded.size());
        gnutls_cipher_deinit(opened);
    }
    if (failed != 0)
        throw Error(ErrorCode::internal_error, fmt::format("failed to encrypt a secret: {}", gnutls_strerror(failed)));
    return {.data = base64(padded), .iv = base64(vector)};
}

}  // namespace innkeeper::qemu
