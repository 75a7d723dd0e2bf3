#include "model/domain/hub.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<Hub> hub_element = xml::describe<Hub>("hub", xml::attribute("type", &Hub::type).required(),
                                                         xml::embed(&Hub::info, device_info_element));

}  // namespace innkeeper::model
