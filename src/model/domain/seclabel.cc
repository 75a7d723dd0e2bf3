#include "model/domain/seclabel.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

bool is_shown_label(const SecurityLabel& label, const xml::FormatFlags& flags) {
    return label.type == SecurityLabel::Type::static_ || !flags.inactive;
}

/// What a dynamic label came to is known to the daemon alone.
void forget_dynamic_label(SecurityLabel& label, const xml::Node&, const xml::ParseFlags& flags) {
    if (label.type == SecurityLabel::Type::none) {
        if (label.relabel.value_or(false))
            throw Error(ErrorCode::xml_error, "resource relabeling is not compatible with 'none' label type");
        label.relabel.reset();
        return;
    }
    if (!label.type) label.type = SecurityLabel::Type::dynamic;
    if (!label.relabel) label.relabel = label.type == SecurityLabel::Type::dynamic;
    if (label.type == SecurityLabel::Type::static_)
        label.base_label.clear();
    else if (!*label.relabel)
        throw Error(ErrorCode::config_unsupported, "dynamic label type must use resource relabeling");
    if (flags.live) return;
    if (label.type != SecurityLabel::Type::static_) label.label.clear();
    label.image_label.clear();
}

}  // namespace

const xml::Element<SecurityLabel> security_label_element =
    xml::describe<SecurityLabel>("seclabel",  //
                                 xml::attribute("type", &SecurityLabel::type),
                                 xml::attribute("model", &SecurityLabel::model),
                                 xml::attribute("relabel", &SecurityLabel::relabel, xml::yes_no),
                                 xml::value("label", &SecurityLabel::label).written_when(is_shown_label),
                                 xml::value("imagelabel", &SecurityLabel::image_label).written_when(is_shown_label),
                                 xml::value("baselabel", &SecurityLabel::base_label))
        .finished_by(forget_dynamic_label);

const xml::Element<SourceLabel> source_label_element = xml::describe<SourceLabel>(
    "seclabel",  //
    xml::attribute("model", &SourceLabel::model),
    xml::attribute("labelskip", &SourceLabel::label_skip, xml::yes_no).live_only(),
    xml::attribute("relabel", &SourceLabel::relabel, xml::yes_no), xml::value("label", &SourceLabel::label));

}  // namespace innkeeper::model
