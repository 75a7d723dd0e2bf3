#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace innkeeper::xml {

/// What a reader accepts of a document that it did not write itself.
struct Limits {
    std::size_t bytes = 16 << 20;
    unsigned depth = 256;
    unsigned attributes_per_element = 256;
    unsigned namespaces = 256;  ///< declared by an element and those around it
};

/// An element of a parsed document: a light handle, valid as long as its Document. An absent one is false; asking it
/// anything answers as an empty element would.
class Node {
  public:
    Node() = default;
    explicit operator bool() const { return handle_ != nullptr; }

    /// The tag without its namespace prefix.
    std::string_view name() const;
    /// The tag as written, with its prefix.
    std::string_view qualified_name() const;
    /// The URI that the element's prefix stands for; empty without one.
    std::string_view namespace_uri() const;

    std::optional<std::string_view> attribute(std::string_view name) const;
    /// All text below the element, joined.
    std::string text() const;

    /// The first child element of that name, of any name.
    Node child(std::string_view name) const;
    Node child() const;
    /// The next sibling element of that name, of any name.
    Node next(std::string_view name) const;
    Node next() const;
    Node parent() const;
    /// The how-manieth element of its name among its siblings, from 1; for messages.
    unsigned ordinal() const;

    /// The element's own source, with the namespaces that it needs declared on it, its lines indented from column 0.
    std::string source() const;
    /// The same as it is shown to the user whose it is: as the peer prints metadata, with double quotes.
    std::string foreign_source() const;
    /// The same put into the namespace `uri`, or taken out of the one it is in: itself and all below it that share it.
    std::string source_with_prefix(std::string_view prefix, std::string_view uri) const;
    std::string source_without_prefix() const;

    bool operator==(const Node&) const = default;

  private:
    friend class Document;
    explicit Node(void* handle) : handle_(handle) {}
    void* handle_ = nullptr;
};

/// A document that was found to be well-formed and within the limits.
class Document {
  public:
    /// Throws the peer's complaint (`xml_detail`), in which `what` names the document: "(domain_definition)".
    static Document parse(std::string_view text, std::string_view what, const Limits& limits = {});
    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    Node root() const;
    /// The root, which must be called `name`; throws the peer's sentence otherwise.
    Node root(std::string_view name) const;

  private:
    struct Tree;
    explicit Document(std::unique_ptr<Tree> tree);
    std::unique_ptr<Tree> tree_;
};

}  // namespace innkeeper::xml
