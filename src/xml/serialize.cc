#include "xml/serialize.h"

#include <cstring>
#include <set>
#include <string_view>

namespace innkeeper::xml {

namespace {

/// `quote` is the mark around an attribute, 0 in text.
void escape(std::string& out, std::string_view text, char quote) {
    const bool in_attribute = quote != 0;
    for (const char c : text) switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '\r':
                out += "&#13;";
                break;
            case '"':
                out += in_attribute ? "&quot;" : "\"";
                break;
            case '\n':
                out += in_attribute ? "&#10;" : "\n";
                break;
            case '\t':
                out += in_attribute ? "&#9;" : "\t";
                break;
            default:
                out += c;
        }
}

bool is_blank(const pugi::xml_node& node) {
    return node.type() == pugi::node_pcdata && node.value()[std::strspn(node.value(), " \t\r\n")] == 0;
}

bool is_text(const pugi::xml_node& node) { return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata; }

/// Whether text stands among the children. Blank text between elements is layout; alone in its element it is content.
bool has_text(const pugi::xml_node& element) {
    const auto first = element.first_child();
    if (first && !first.next_sibling()) return is_text(first);
    for (const auto& child : element.children())
        if (is_text(child) && !is_blank(child)) return true;
    return false;
}

std::string_view prefix_of(std::string_view name) {
    const auto colon = name.find(':');
    return colon == name.npos ? std::string_view{} : name.substr(0, colon);
}

/// The prefixes used at or below the element that nothing at or below it declares.
void collect_prefixes(const pugi::xml_node& element, std::set<std::string>& wanted) {
    for (const auto& child : element.children())
        if (child.type() == pugi::node_element) collect_prefixes(child, wanted);
    wanted.emplace(prefix_of(element.name()));
    for (const auto& attribute : element.attributes())
        if (const auto prefix = prefix_of(attribute.name()); !prefix.empty() && prefix != "xmlns")
            wanted.emplace(prefix);
    for (const auto& attribute : element.attributes()) {
        const std::string_view name = attribute.name();
        if (name == "xmlns") wanted.erase("");
        if (name.starts_with("xmlns:")) wanted.erase(std::string(name.substr(6)));
    }
}

/// Prints elements into a text. The depth of recursion is bounded by the document's.
class Printer {
  public:
    explicit Printer(char quote) : quote_(quote) {}

    std::string print(const pugi::xml_node& element) {
        node(element, 0, true);
        out_ += '\n';
        return std::move(out_);
    }

  private:
    void attribute(std::string_view name, std::string_view value) {
        out_ += ' ';
        out_ += name;
        out_ += '=';
        out_ += quote_;
        escape(out_, value, quote_);
        out_ += quote_;
    }

    void inherited_namespaces(const pugi::xml_node& element) {
        std::set<std::string> wanted;
        collect_prefixes(element, wanted);
        for (const auto& prefix : wanted) {
            const std::string declaration = prefix.empty() ? "xmlns" : "xmlns:" + prefix;
            for (auto node = element.parent(); node; node = node.parent())
                if (const auto found = node.attribute(declaration.c_str())) {
                    attribute(declaration, found.value());
                    break;
                }
        }
    }

    void children(const pugi::xml_node& element, unsigned depth, bool pretty) {
        for (const auto& child : element.children()) {
            if (pretty && is_blank(child)) continue;
            if (pretty) out_.append("\n").append(2 * depth, ' ');
            node(child, depth, pretty);
        }
        if (pretty) out_.append("\n").append(2 * (depth - 1), ' ');
    }

    void node(const pugi::xml_node& node, unsigned depth, bool pretty) {
        if (node.type() == pugi::node_pcdata) return escape(out_, node.value(), 0);
        if (node.type() == pugi::node_cdata) return void(out_.append("<![CDATA[").append(node.value()).append("]]>"));
        if (node.type() == pugi::node_comment) return void(out_.append("<!--").append(node.value()).append("-->"));
        if (node.type() != pugi::node_element) return;
        out_.append("<").append(node.name());
        if (depth == 0) inherited_namespaces(node);
        for (const auto& found : node.attributes()) attribute(found.name(), found.value());
        if (!node.first_child()) return void(out_ += "/>");
        out_ += '>';
        children(node, depth + 1, pretty && !has_text(node));
        out_.append("</").append(node.name()).append(">");
    }

    char quote_;
    std::string out_;
};

/// Gives all elements with one prefix another. The depth is bounded by the document's.
void change_prefix(pugi::xml_node element, std::string_view from, std::string_view to) {
    const std::string_view whole = element.name();
    if (prefix_of(whole) == from) {
        const auto local = from.empty() ? whole : whole.substr(from.size() + 1);
        element.set_name((to.empty() ? std::string(local) : std::string(to) + ":" + std::string(local)).c_str());
    }
    for (auto child : element.children())
        if (child.type() == pugi::node_element) change_prefix(child, from, to);
}

}  // namespace

std::string serialize_with_prefix(const pugi::xml_node& element, std::string_view prefix, std::string_view uri) {
    pugi::xml_document document;
    auto copy = document.append_copy(element);
    change_prefix(copy, "", prefix);
    copy.prepend_attribute(("xmlns:" + std::string(prefix)).c_str()) = std::string(uri).c_str();
    return serialize(copy, '"');
}

std::string serialize_without_prefix(const pugi::xml_node& element) {
    pugi::xml_document document;
    auto copy = document.append_copy(element);
    const std::string prefix(prefix_of(copy.name()));
    change_prefix(copy, prefix, "");
    copy.remove_attribute(prefix.empty() ? "xmlns" : ("xmlns:" + prefix).c_str());
    return serialize(copy, '"');
}

std::string serialize(const pugi::xml_node& element, char quote) { return Printer(quote).print(element); }

}  // namespace innkeeper::xml
