#include "model/domain/panic.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<Panic> panic_element =
    xml::describe<Panic>("panic",
                         xml::attribute("model", &Panic::model)
                             .complain(ErrorCode::config_unsupported, "unknown panic model '{}'")
                             .fixed_across_migration(),
                         xml::embed(&Panic::info, device_info_element));

}  // namespace innkeeper::model
