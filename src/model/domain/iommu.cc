#include "model/domain/iommu.h"

#include "xml/parts.h"

namespace innkeeper::model {

const xml::Element<Iommu> iommu_element = xml::describe<Iommu>(
    "iommu", xml::attribute("model", &Iommu::model).required().fixed_across_migration(),
    xml::child("driver", xml::attribute("intremap", &Iommu::intremap, xml::on_off),
               xml::attribute("caching_mode", &Iommu::caching_mode, xml::on_off),
               xml::attribute("eim", &Iommu::eim, xml::on_off), xml::attribute("iotlb", &Iommu::iotlb, xml::on_off),
               xml::attribute("aw_bits", &Iommu::aw_bits)),
    xml::embed(&Iommu::info, device_info_element));

}  // namespace innkeeper::model
