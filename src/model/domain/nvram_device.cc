#include "model/domain/nvram_device.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<NvramDevice> nvram_device_element = xml::describe<NvramDevice>("nvram", xml::embed(&NvramDevice::info, device_info_element));

}  // namespace innkeeper::model
