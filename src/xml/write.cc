#include "xml/description.h"
#include "xml/fragment.h"

/// Writes an object as an element by its description.
namespace innkeeper::xml {

namespace {

const void* member_of(const Part& part, const void* owner) { return static_cast<const char*>(owner) + part.offset; }

void write_parts(const std::vector<Part>& parts, const void* owner, Writer& writer);

/// The text of a scalar; nothing if it is absent or goes without saying.
bool scalar_text(const Part& part, const void* owner, std::string& text) {
    return part.scalar->write(part, member_of(part, owner), text) &&
           (part.omitted.data() == nullptr || text != part.omitted);
}

void write_elements(const Part& part, const void* owner, Writer& writer) {
    const void* member = member_of(part, owner);
    const auto tag = part.name.empty() ? part.description->tag : part.name;
    const std::size_t count = part.holder->count(member);
    for (std::size_t i = 0; i < count; ++i) {
        const void* object = part.holder->at(member, i);
        if (part.holder->is_plain && !part.is_kept_empty) {
            writer.open_if_filled(tag);
            write_inside(*part.description, object, writer);
            writer.close();
        } else {
            write_from(*part.description, tag, object, writer);
        }
    }
}

void write_one_of(const Part& part, const void* owner, Writer& writer) {
    const void* member = member_of(part, owner);
    for (const auto& alternative : part.alternatives) {
        if (!alternative.holder->count(member)) continue;
        writer.attribute(part.name, alternative.word);
        write_inside(*alternative.description, alternative.holder->at(member, 0), writer);
        return;
    }
}

bool is_hidden(const Part& part, const void* owner, const FormatFlags& flags) {
    return part.is_read_only || (part.is_live_only && flags.inactive) || (part.is_secret && !flags.secure) ||
           (part.write_condition && !part.write_condition(owner, flags));
}

void write_part(const Part& part, const void* owner, Writer& writer) {
    if (is_hidden(part, owner, writer.flags())) return;
    std::string text;
    switch (part.kind) {
        case Part::Kind::attribute:
            if (scalar_text(part, owner, text)) writer.attribute(part.name, text);
            return;
        case Part::Kind::text:
            if (scalar_text(part, owner, text)) writer.text(text);
            return;
        case Part::Kind::value:
            if (scalar_text(part, owner, text)) writer.leaf(part.name, text);
            return;
        case Part::Kind::amount:
            if (!scalar_text(part, owner, text)) return;
            writer.open(part.name);
            writer.attribute("unit", part.unit);
            writer.text(text);
            writer.close();
            return;
        case Part::Kind::flag:
            if (*static_cast<const bool*>(member_of(part, owner))) writer.leaf(part.name);
            return;
        case Part::Kind::group:
            part.is_kept_empty ? writer.open(part.name) : writer.open_if_filled(part.name);
            write_parts(part.parts, owner, writer);
            writer.close();
            return;
        case Part::Kind::element:
            return write_elements(part, owner, writer);
        case Part::Kind::embedded:
            return write_inside(*part.description, member_of(part, owner), writer);
        case Part::Kind::one_of:
            return write_one_of(part, owner, writer);
        case Part::Kind::when:
            if (part.condition(owner)) write_parts(part.parts, owner, writer);
            return;
        case Part::Kind::verbatim:
            for (const auto& fragment : *static_cast<const std::vector<Fragment>*>(member_of(part, owner)))
                writer.fragment(fragment.source);
            return;
        case Part::Kind::by_hand:
            return part.writer(owner, writer);
    }
}

void write_parts(const std::vector<Part>& parts, const void* owner, Writer& writer) {
    for (const auto& part : parts) write_part(part, owner, writer);
}

}  // namespace

void write_inside(const Description& description, const void* object, Writer& writer) {
    write_parts(description.parts, object, writer);
}

void write_from(const Description& description, std::string_view tag, const void* object, Writer& writer) {
    writer.open(tag);
    write_inside(description, object, writer);
    writer.close();
}

}  // namespace innkeeper::xml
