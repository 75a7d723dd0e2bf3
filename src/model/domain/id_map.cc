#include "model/domain/id_map.h"

#include <algorithm>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Range = IdMap::Range;

xml::Element<Range> range(std::string_view tag) {
    constexpr std::string_view wrong = "invalid idmap start/target/count settings";
    const auto number = [&](std::string_view name, unsigned Range::*member) {
        return xml::attribute(name, member).required(ErrorCode::xml_error, wrong).complain(ErrorCode::xml_error, wrong);
    };
    return xml::describe<Range>(tag, number("start", &Range::start), number("target", &Range::target),
                                number("count", &Range::count));
}
const auto user_element = range("uid"), group_element = range("gid");

void check(IdMap& map) {
    if (map.users.empty() != map.groups.empty())
        throw Error(ErrorCode::config_unsupported, "uid and gid should be mapped both");
    for (auto* ranges : {&map.users, &map.groups}) {
        std::ranges::sort(*ranges);
        if (!ranges->empty() && ranges->front().start != 0)
            throw Error(ErrorCode::config_unsupported, "You must map the root user of container");
    }
}

}  // namespace

const xml::Element<IdMap> id_map_element = xml::describe<IdMap>("idmap", xml::children(&IdMap::users, user_element),
                                                                xml::children(&IdMap::groups, group_element))
                                               .finished_by(check);

}  // namespace innkeeper::model
