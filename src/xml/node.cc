#include "xml/node.h"

#include <fmt/format.h>

#include <cstring>
#include <pugixml.hpp>
#include <span>

#include "base/error.h"
#include "xml/complaint.h"
#include "xml/scanner.h"
#include "xml/serialize.h"
#include "xml/tree.h"

namespace innkeeper::xml {

namespace {

using Element = ElementTree::Element;

const Element* element_of(const void* handle) { return static_cast<const Element*>(handle); }

void* handle_of(const Element* element) { return const_cast<Element*>(element); }

pugi::xml_node tree_node(const void* handle) {
    return handle != nullptr ? pugi::xml_node(element_of(handle)->node) : pugi::xml_node();
}

/// From that one on along its siblings.
const Element* find_from(const Element* element, std::string_view name) {
    while (element != nullptr && element->name != name) element = element->next_sibling();
    return element;
}

void collect_text(const pugi::xml_node& node, std::string& out) {
    for (const auto& child : node.children()) {
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
            out += child.value();
        else
            collect_text(child, out);
    }
}

}  // namespace

struct Document::Tree : ElementTree {};

std::string_view Node::qualified_name() const {
    return handle_ != nullptr ? element_of(handle_)->name : std::string_view("");
}

std::string_view Node::name() const {
    const auto whole = qualified_name();
    return whole.substr(whole.find(':') + 1);
}

std::string_view Node::namespace_uri() const {
    const auto whole = qualified_name();
    const auto colon = whole.find(':');
    const std::string declaration = colon == whole.npos ? "xmlns" : fmt::format("xmlns:{}", whole.substr(0, colon));
    for (Node node = *this; node; node = node.parent())
        if (const auto uri = node.attribute(declaration)) return *uri;
    return {};
}

std::optional<std::string_view> Node::attribute(std::string_view name) const {
    if (handle_ == nullptr) return std::nullopt;
    for (const auto& attribute : std::span(element_of(handle_)->attributes, element_of(handle_)->attribute_count))
        if (attribute.name == name) return attribute.value;
    return std::nullopt;
}

std::string Node::text() const {
    std::string out;
    collect_text(tree_node(handle_), out);
    return out;
}

Node Node::child(std::string_view name) const {
    if (handle_ == nullptr || name.empty() || (element_of(handle_)->child_names & ElementTree::mark_of(name)) == 0)
        return {};
    return Node(handle_of(find_from(element_of(handle_)->first_child(), name)));
}
Node Node::child() const { return handle_ != nullptr ? Node(handle_of(element_of(handle_)->first_child())) : Node(); }
Node Node::next(std::string_view name) const {
    return handle_ != nullptr ? Node(handle_of(find_from(element_of(handle_)->next_sibling(), name))) : Node();
}
Node Node::next() const { return handle_ != nullptr ? Node(handle_of(element_of(handle_)->next_sibling())) : Node(); }
Node Node::parent() const { return handle_ != nullptr ? Node(handle_of(element_of(handle_)->parent())) : Node(); }

unsigned Node::ordinal() const {
    unsigned count = 1;
    const auto self = tree_node(handle_);
    for (auto node = self.previous_sibling(); node; node = node.previous_sibling())
        count += std::strcmp(node.name(), self.name()) == 0;
    return count;
}

std::string Node::source() const { return serialize(tree_node(handle_), '\''); }
std::string Node::foreign_source() const { return serialize(tree_node(handle_), '"'); }
std::string Node::source_with_prefix(std::string_view prefix, std::string_view uri) const {
    return serialize_with_prefix(tree_node(handle_), prefix, uri);
}
std::string Node::source_without_prefix() const { return serialize_without_prefix(tree_node(handle_)); }

Document::Document(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document Document::parse(std::string_view text, std::string_view what, const Limits& limits) {
    const auto verdict = judge(text, limits);
    if (verdict.kind == Verdict::Kind::over_a_limit) throw complaint_about_limits(what, limits);
    if (verdict.kind == Verdict::Kind::faulty) throw complaint_about(text, verdict.position, what, limits);
    auto tree = std::make_unique<Tree>();
    constexpr unsigned options = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                                 pugi::parse_wconv_attribute | pugi::parse_ws_pcdata | pugi::parse_comments;
    const auto result = tree->document.load_buffer(text.data(), text.size(), options, pugi::encoding_utf8);
    if (!result) throw complaint_about(text, text.size(), what, limits);
    tree->index(text);
    return Document(std::move(tree));
}

Node Document::root() const { return Node(tree_->elements.empty() ? nullptr : tree_->elements.data()); }

Node Document::root(std::string_view name) const {
    const Node node = root();
    if (node.name() != name)
        throw Error(ErrorCode::xml_error, ErrorDomain::xml,
                    fmt::format("expecting root element of '{}', not '{}'", name, node.qualified_name()));
    return node;
}

}  // namespace innkeeper::xml
