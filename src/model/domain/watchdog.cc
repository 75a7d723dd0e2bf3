#include "model/domain/watchdog.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<Watchdog> watchdog_element = xml::describe<Watchdog>(
    "watchdog", xml::attribute("model", &Watchdog::model).required().fixed_across_migration(),
    xml::attribute("action", &Watchdog::action), xml::embed(&Watchdog::info, device_info_element));

}  // namespace innkeeper::model
