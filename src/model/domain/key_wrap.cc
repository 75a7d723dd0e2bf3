#include "model/domain/key_wrap.h"

#include <fmt/format.h>

#include <vector>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

struct Cipher {
    enum class Name { aes, dea };
    std::optional<Name> name;
    std::optional<bool> state;
};
constexpr auto names_of(Cipher::Name) { return xml::names("aes", "dea"); }

const auto cipher_element = xml::describe<Cipher>("cipher", xml::attribute("name", &Cipher::name).required(),
                                                  xml::attribute("state", &Cipher::state, xml::on_off).required());

/// As the document has them.
struct Ciphers {
    std::vector<Cipher> all;
};

void read_ciphers(const xml::Node& node, KeyWrap& wrap, const xml::ParseFlags& flags) {
    for (auto child = node.child("cipher"); child; child = child.next("cipher")) {
        const auto cipher = cipher_element.read(child, flags);
        auto& state = *cipher.name == Cipher::Name::aes ? wrap.aes : wrap.dea;
        if (state)
            throw Error(ErrorCode::internal_error,
                        fmt::format("A domain definition can have no more than one cipher node with name {}",
                                    xml::name(*cipher.name)));
        state = cipher.state;
    }
}
void write_ciphers(const KeyWrap& wrap, xml::Writer& writer) {
    if (wrap.aes) cipher_element.write({Cipher::Name::aes, wrap.aes}, writer);
    if (wrap.dea) cipher_element.write({Cipher::Name::dea, wrap.dea}, writer);
}

}  // namespace

const xml::Element<KeyWrap> key_wrap_element = xml::describe<KeyWrap>(
    "keywrap", xml::by_hand(read_ciphers, write_ciphers).holds(xml::children(&Ciphers::all, cipher_element)));

}  // namespace innkeeper::model
