#include "model/domain/memballoon.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<Memballoon> memballoon_element = xml::describe<Memballoon>(
    "memballoon", xml::attribute("model", &Memballoon::model).required().fixed_across_migration(),
    xml::attribute("autodeflate", &Memballoon::autodeflate, xml::on_off).fixed_across_migration(),
    xml::attribute("freePageReporting", &Memballoon::free_page_reporting, xml::on_off).fixed_across_migration(),
    xml::child("stats", xml::attribute("period", &Memballoon::stats_period).at_least(0).omit("0")),
    xml::embed(&Memballoon::info, device_info_element),
    xml::child("driver", xml::embed(&Memballoon::virtio, virtio_options_element)));

}  // namespace innkeeper::model
