#include "xml/validate.h"

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/xmlschemastypes.h>
#include <unistd.h>

#include <memory>

#include "base/error.h"
#include "xml/node.h"

namespace innkeeper::xml {

namespace {

/// What is refused is said in few lines; a hostile document must not make many of them.
constexpr std::size_t longest_complaint = 8192;

/// libxml2 takes time with the square of the number of siblings: a second for as much as this, half a minute for all
/// that a client can send.
constexpr std::size_t longest_document = 1 << 20;

template <auto destroy>
struct Free {
    template <class T>
    void operator()(T* object) const {
        destroy(object);
    }
};
using Tree = std::unique_ptr<xmlDoc, Free<xmlFreeDoc>>;
using Reader = std::unique_ptr<xmlRelaxNGParserCtxt, Free<xmlRelaxNGFreeParserCtxt>>;
using Grammar = std::unique_ptr<xmlRelaxNG, Free<xmlRelaxNGFree>>;
using Validation = std::unique_ptr<xmlRelaxNGValidCtxt, Free<xmlRelaxNGFreeValidCtxt>>;

void note(void* complaint, xmlErrorPtr error) {
    auto& text = *static_cast<std::string*>(complaint);
    if (error->message && text.size() < longest_complaint) text += error->message;
}

/// libxml2 makes its tables of types when they are first needed, which two threads must not do at once.
void prepare() {
    [[maybe_unused]] static const bool ready = [] {
        xmlInitParser();
        xmlSchemaInitTypes();
        xmlRelaxNGInitTypes();
        return true;
    }();
}

Grammar load(const Schema& schema, bool is_installed) {
    const std::string text = is_installed || !schema.grammar ? std::string() : schema.grammar();
    const Reader reader(is_installed ? xmlRelaxNGNewParserCtxt(schema.file.c_str())
                                     : xmlRelaxNGNewMemParserCtxt(text.data(), static_cast<int>(text.size())));
    if (!reader) throw std::bad_alloc();
    std::string complaint;
    xmlRelaxNGSetParserStructuredErrors(reader.get(), note, &complaint);
    Grammar grammar(xmlRelaxNGParse(reader.get()));
    if (!grammar)
        throw Error(ErrorCode::internal_error, ErrorDomain::xml,
                    fmt::format("Unable to parse RNG {}: {}", schema.file, complaint));
    return grammar;
}

}  // namespace

void validate(std::string_view text, std::string_view what, std::string_view root, const Schema& schema) {
    // Our own reader bounds the size and the depth and refuses entities, before libxml2 sees the document.
    Document::parse(text, what, {.bytes = longest_document}).root(root);
    prepare();
    const bool is_installed = ::access(schema.file.c_str(), R_OK) == 0;
    if (!is_installed && !schema.grammar)
        throw Error(ErrorCode::internal_error, ErrorDomain::xml, fmt::format("there is no schema {}", schema.file));
    const auto grammar = load(schema, is_installed);
    const Tree tree(xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
    const Validation validation(xmlRelaxNGNewValidCtxt(grammar.get()));
    if (!tree || !validation) throw Error(ErrorCode::xml_detail, fmt::format("{}: cannot be read", what));
    std::string complaint;
    xmlRelaxNGSetValidStructuredErrors(validation.get(), note, &complaint);
    const int status = xmlRelaxNGValidateDoc(validation.get(), tree.get());
    if (status == 0) return;
    throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml,
                fmt::format("Unable to validate doc against {}\n{}", is_installed ? schema.file : "the built-in schema",
                            complaint));
}

}  // namespace innkeeper::xml
