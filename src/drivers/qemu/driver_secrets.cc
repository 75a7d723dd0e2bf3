#include <map>

#include "base/error.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/sealing.h"
#include "protocol/constants.h"

/// Secrets on their way to QEMU: asked of who keeps them, and sealed before they come near anything that is written.
namespace innkeeper::qemu {

namespace {

/// The word of a `<secret type=…>` as a number of virSecretUsageType.
int usage_of(const std::string& type) {
    static const std::map<std::string, int, std::less<>> usages = {
        {"passphrase", protocol::VIR_SECRET_USAGE_TYPE_VOLUME}, {"volume", protocol::VIR_SECRET_USAGE_TYPE_VOLUME},
        {"ceph", protocol::VIR_SECRET_USAGE_TYPE_CEPH},         {"iscsi", protocol::VIR_SECRET_USAGE_TYPE_ISCSI},
        {"tls", protocol::VIR_SECRET_USAGE_TYPE_TLS},           {"vtpm", protocol::VIR_SECRET_USAGE_TYPE_VTPM}};
    const auto found = usages.find(type);
    return found == usages.end() ? protocol::VIR_SECRET_USAGE_TYPE_NONE : found->second;
}

}  // namespace

Task<std::map<std::string, SealedSecret, std::less<>>> Driver::sealed_secrets(std::vector<NeededSecret> needed,
                                                                              std::string master_key) {
    std::map<std::string, SealedSecret, std::less<>> sealed;
    for (const auto& secret : needed) {
        std::vector<std::uint8_t> value(secret.value.begin(), secret.value.end());
        if (value.empty()) {
            if (neighbours_.secrets == nullptr)
                throw Error(ErrorCode::no_secret, ErrorDomain::secret, "nobody keeps secrets for this daemon");
            const auto& reference = secret.reference;
            value = co_await neighbours_.secrets->value(
                {.uuid = reference.uuid, .usage = usage_of(reference.type), .usage_id = reference.usage});
        }
        sealed[secret.id] = seal(master_key, value);
    }
    co_return sealed;
}

}  // namespace innkeeper::qemu
