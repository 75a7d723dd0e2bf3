#include "model/capabilities/pool_capabilities.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Options = PoolCapabilities::Options;
using Pool = PoolCapabilities::Pool;

const auto default_format_element = xml::describe<PoolCapabilities::Format>(
    "defaultFormat", xml::attribute("type", &PoolCapabilities::Format::type).required());
const auto formats_element =
    xml::describe<Choice>("enum", xml::attribute("name", &Choice::name).required(), xml::expanded<Choice>(),
                          xml::children(&Choice::values, word_element));
const auto options_element = xml::describe<Options>("", xml::child(&Options::default_format, default_format_element),
                                                    xml::child(&Options::formats, formats_element));

const auto pool_element = xml::describe<Pool>(
    "pool", xml::attribute("type", &Pool::type).required(),
    xml::attribute("supported", &Pool::supported, xml::yes_no).required(), xml::expanded<Pool>(),
    xml::child("poolOptions", &Pool::pool, options_element), xml::child("volOptions", &Pool::volume, options_element));

}  // namespace

const xml::Element<PoolCapabilities> pool_capabilities_element =
    xml::describe<PoolCapabilities>("storagepoolCapabilities", xml::children(&PoolCapabilities::pools, pool_element));

}  // namespace innkeeper::model
