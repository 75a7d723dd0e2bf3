#include "model/link_state.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<LinkState> link_state = xml::describe<LinkState>(
    "link", xml::attribute("speed", &LinkState::speed).omit("0"), xml::attribute("state", &LinkState::state));

}  // namespace innkeeper::model
