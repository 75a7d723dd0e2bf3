#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace innkeeper::xml {

/// Which face of a definition is written.
struct FormatFlags {
    bool inactive = false;    ///< what a start would use: without what only a running guest has
    bool secure = false;      ///< passwords too
    bool migratable = false;  ///< for another host: without what would not be understood or would not fit there
};

/// Writes a document as the peer does: two spaces a level, single quotes, an empty element closed in itself.
class Writer {
  public:
    explicit Writer(FormatFlags flags = {}, unsigned depth = 0) : flags_(flags), base_depth_(depth) {}

    const FormatFlags& flags() const { return flags_; }

    void open(std::string_view tag);
    /// The element appears only if something is written into it before it is closed.
    void open_if_filled(std::string_view tag);
    void attribute(std::string_view name, std::string_view value);
    void text(std::string_view value);
    /// Source text as it is, line by line at the current indentation.
    void fragment(std::string_view source);
    /// The open element gets a closing tag even if nothing is put into it.
    void expand() { enter_content(State::has_children); }
    void close();

    /// `<tag>value</tag>` and `<tag/>`.
    void leaf(std::string_view tag, std::string_view value);
    void leaf(std::string_view tag);

    std::string take() && { return std::move(out_); }

  private:
    enum class State { pending, tag_open, has_children, has_text };
    struct Level {
        std::string_view tag;
        State state;
    };
    void begin(Level& level, std::size_t depth);
    void enter_content(State state);
    void indent(std::size_t depth);

    FormatFlags flags_;
    unsigned base_depth_;
    std::string out_;
    std::vector<Level> levels_;
};

/// Appends `text` with the five characters that have a meaning replaced and control characters left out, like the peer.
void escape_into(std::string& out, std::string_view text);

}  // namespace innkeeper::xml
