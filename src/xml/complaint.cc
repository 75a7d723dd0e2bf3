#include "xml/complaint.h"

#include <fmt/format.h>
#include <libxml/parser.h>

#include <memory>
#include <string>

namespace innkeeper::xml {

namespace {

constexpr int longest_context = 80;
/// How much behind the fault is shown to libxml2. It needs a little, since it may see the fault later than we do; of
/// what lies further on nobody has checked the limits.
constexpr std::size_t look_ahead = 1 << 16;

bool ends_line(unsigned char c) { return c == '\n' || c == '\r'; }

/// The line where the parser stands, and a mark under the column.
std::string context(const xmlParserInput& input) {
    const unsigned char* line = input.cur;
    while (line > input.base && ends_line(*line)) --line;
    for (int n = 0; n < longest_context && line > input.base && !ends_line(*line); ++n) --line;
    if (ends_line(*line)) ++line;
    const auto column = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, input.cur - line));
    const unsigned char* end = line;
    while (end - line < longest_context && *end && !ends_line(*end)) ++end;
    const std::string_view shown(reinterpret_cast<const char*>(line), static_cast<std::size_t>(end - line));
    // An empty line shows as the peer shows it.
    return fmt::format("{}\n{:->{}}", shown.empty() ? "(null)" : shown, '^', column + 1);
}

struct Reading {
    std::string_view what;
    bool is_cut;  ///< there is more of the document than libxml2 gets to see
    std::string message;
};

void note_first_error(void* context_pointer, xmlErrorPtr error) {
    auto* parser = static_cast<xmlParserCtxtPtr>(context_pointer);
    auto& reading = *static_cast<Reading*>(parser->_private);
    if (!reading.message.empty() || error->level < XML_ERR_ERROR || !error->message || !parser->input) return;
    std::string_view sentence(error->message);
    // That the text ends is no fault where we cut it.
    const bool is_our_cut = reading.is_cut && parser->input->end - parser->input->cur < 8;
    while (sentence.ends_with('\n')) sentence.remove_suffix(1);
    if (!is_our_cut)
        reading.message = fmt::format("{}:{}: {}\n{}", reading.what, error->line, sentence, context(*parser->input));
    xmlStopParser(parser);
}

void stop_at_document_type(void* parser, const xmlChar*, const xmlChar*, const xmlChar*) {
    xmlStopParser(static_cast<xmlParserCtxtPtr>(parser));
}

}  // namespace

Error complaint_about(std::string_view text, std::size_t position, std::string_view what, const Limits& limits) {
    [[maybe_unused]] static const bool ready = (xmlInitParser(), true);  // once, before threads meet in it
    const std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)> parser(xmlNewParserCtxt(), xmlFreeParserCtxt);
    if (!parser) throw std::bad_alloc();
    Reading reading{what, position + look_ahead < text.size(), {}};
    text = text.substr(0, position + look_ahead);
    parser->_private = &reading;
    parser->sax->serror = note_first_error;
    parser->sax->internalSubset = stop_at_document_type;
    xmlFreeDoc(xmlCtxtReadMemory(parser.get(), text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                                 XML_PARSE_NONET | XML_PARSE_NOWARNING));
    if (reading.message.empty()) return complaint_about_limits(what, limits);
    return Error(ErrorCode::xml_detail, std::move(reading.message));
}

Error complaint_about_limits(std::string_view what, const Limits& limits) {
    return Error(
        ErrorCode::xml_detail,
        fmt::format("{}: document type declarations, entities, encodings other than UTF-8, elements nested deeper "
                    "than {}, elements with more than {} attributes or {} namespaces and documents of more "
                    "than {} bytes are not accepted",
                    what, limits.depth, limits.attributes_per_element, limits.namespaces, limits.bytes));
}

}  // namespace innkeeper::xml
