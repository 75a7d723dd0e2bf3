#include "model/domain/redirection.h"

#include <fmt/format.h>

#include <charconv>

#include "drivers/qemu/command/builder.h"
#include "model/domain/smartcard.h"

/// What comes from the user's side of the screen: USB devices and smartcards.
namespace innkeeper::qemu {

using model::RedirectionRule;
using model::Smartcard;

namespace {

/// "1.09" as USB writes it: a byte before the point, a byte of two decimal digits after it.
std::string version_number(const std::string& version) {
    const std::size_t point = version.find('.');
    std::string after = point == version.npos ? "00" : version.substr(point + 1);
    if (after.size() == 1) after += '0';
    const std::string before = version.substr(0, point);
    return fmt::format("0x{:0>2}{}", before, after);
}

std::string rule_text(const RedirectionRule& rule) {
    const auto number = [](const std::optional<unsigned>& value, int digits) {
        return value ? fmt::format("0x{:0{}X}", *value, digits) : std::string("-1");
    };
    return fmt::format("{}:{}:{}:{}:{}", number(rule.device_class, 2), number(rule.vendor, 4), number(rule.product, 4),
                       rule.version.empty() ? "-1" : version_number(rule.version), rule.allow ? 1 : 0);
}

std::string filter_text(const Builder& b) {
    std::string text;
    if (!b.devices.redirection_filter) return text;
    for (const RedirectionRule& rule : b.devices.redirection_filter->rules)
        text += (text.empty() ? "" : "|") + rule_text(rule);
    return text;
}

}  // namespace

void add_redirections(Builder& b) {
    const std::string filter = filter_text(b);
    for (const model::Redirdev& redirection : b.devices.redirdevs) {
        const std::string& alias = redirection.info.alias;
        add_chardev(b, redirection.source, alias, ChardevUse::redirection);
        Props props("usb-redir");
        props.add("chardev", "char" + alias).add("id", alias).add_if("filter", filter);
        props.add("bootindex", b.boot_index(redirection.info));
        b.device(props, redirection.info);
    }
}

void add_smartcards(Builder& b) {
    for (const Smartcard& card : b.devices.smartcards) {
        const std::string& alias = card.info.alias;
        Props props(card.mode == Smartcard::Mode::passthrough ? "ccid-card-passthru" : "ccid-card-emulated");
        switch (card.mode) {
            case Smartcard::Mode::host:
                props.add("backend", "nss-emulated");
                break;
            case Smartcard::Mode::host_certificates:
                props.add("backend", "certificates");
                for (std::size_t i = 0; i < card.certificates.size(); ++i)
                    props.add(fmt::format("cert{}", i + 1), card.certificates[i]);
                props.add("db", card.database.empty() ? "/etc/pki/nssdb" : card.database);
                break;
            case Smartcard::Mode::passthrough:
                add_chardev(b, card.source, alias, ChardevUse::smartcard);
                props.add("chardev", "char" + alias);
                break;
        }
        b.device(props.add("id", alias), card.info);
    }
}

}  // namespace innkeeper::qemu
