#pragma once

#include <string_view>
#include <vector>

#include "xml/node.h"

namespace innkeeper::xml {

/// Walks over a document without building anything, and finds out whether it is well-formed and within the limits. It
/// is stricter than the peer in two points: a document type declaration and any entity beyond the five predefined ones
/// are faults, so that nothing can expand or be fetched.
class Scanner {
  public:
    enum class Token {
        start,      ///< `<name`: its attributes follow, then `inside`
        attribute,  ///< name and raw value
        inside,     ///< `>` or `/>` of a start tag; an `end` follows for the latter
        text,       ///< character data, raw: entities are not replaced
        literal,    ///< a CDATA section's
        end,
        done,
        fault,
    };

    explicit Scanner(std::string_view text, const Limits& limits = {});

    /// After `done` or `fault` the same again.
    Token next();

    std::string_view name() const { return name_; }
    /// Raw: may contain entities.
    std::string_view value() const { return value_; }
    /// How far it came in the text.
    std::size_t position() const { return at_; }
    /// After a fault: a limit was passed or a document type declared, so that the text had better not be looked at any
    /// further.
    bool passed_a_limit() const { return passed_a_limit_; }
    /// How many elements are open; a start tag counts from its `start`, an end tag until its `end`.
    std::size_t depth() const { return open_.size(); }

  private:
    struct Open {
        std::string_view name;
        unsigned namespaces = 0;  ///< declared there
    };

    Token fault();
    Token start_tag();
    Token end_tag();
    Token tag_rest();
    void leave();
    Token character_data();
    bool skip(std::string_view closing);
    bool comment();
    bool instruction();
    bool take_name(std::string_view& name);
    void skip_space();
    bool duplicates_an_attribute();
    bool at(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }

    std::string_view text_;
    Limits limits_;
    std::size_t at_ = 0;
    std::string_view name_, value_;
    std::vector<Open> open_;
    std::vector<std::string_view> attributes_;
    unsigned namespaces_ = 0;
    bool in_tag_ = false, closing_ = false, had_root_ = false, failed_ = false, passed_a_limit_ = false;
};

/// How many bytes of `text` are UTF-8 of characters that XML allows.
std::size_t valid_part(std::string_view text);
/// Whether all of it is.
bool is_valid_text(std::string_view text);

/// What the scanner finds of a whole document, and where it stopped.
struct Verdict {
    enum class Kind { well_formed, faulty, over_a_limit };
    Kind kind;
    std::size_t position = 0;
};
Verdict judge(std::string_view text, const Limits& limits = {});
inline bool is_well_formed(std::string_view text, const Limits& limits = {}) {
    return judge(text, limits).kind == Verdict::Kind::well_formed;
}

}  // namespace innkeeper::xml
