#include "model/domain/watchdog.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<Watchdog> watchdog_element = xml::describe<Watchdog>(
    "watchdog",
    xml::attribute("model", &Watchdog::model)
        .required()
        .complain(ErrorCode::config_unsupported, "unknown watchdog model '{}'")
        .fixed_across_migration(),
    xml::attribute("action", &Watchdog::action).complain(ErrorCode::config_unsupported, "unknown watchdog action '{}'"),
    xml::embed(&Watchdog::info, device_info_element));

}  // namespace innkeeper::model
