#include "model/domain/memory_device.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<MemoryDevice> memory_device_element = xml::describe<MemoryDevice>(
    "memory", xml::attribute("model", &MemoryDevice::model).required(), xml::attribute("access", &MemoryDevice::access),
    xml::attribute("discard", &MemoryDevice::discard, xml::yes_no), xml::value("uuid", &MemoryDevice::uuid),
    xml::child("source", xml::value("path", &MemoryDevice::path), xml::amount("alignsize", &MemoryDevice::align_size),
               xml::flag("pmem", &MemoryDevice::pmem), xml::value("nodemask", &MemoryDevice::source_nodes),
               xml::amount("pagesize", &MemoryDevice::page_size)),
    xml::child("target", xml::amount("size", &MemoryDevice::size), xml::value("node", &MemoryDevice::node),
               xml::child("label", xml::amount("size", &MemoryDevice::label_size)),
               xml::amount("block", &MemoryDevice::block_size), xml::amount("requested", &MemoryDevice::requested_size),
               xml::amount("current", &MemoryDevice::current_size).live_only(),
               xml::flag("readonly", &MemoryDevice::readonly)),
    xml::embed(&MemoryDevice::info, device_info_element));

}  // namespace innkeeper::model
