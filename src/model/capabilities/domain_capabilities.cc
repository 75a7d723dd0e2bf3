#include "model/capabilities/domain_capabilities.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Images = OsSupport::Images;

const auto images_element =
    xml::describe<Images>("loader", xml::attribute("supported", &Images::supported, xml::yes_no).required(),
                          xml::children(&Images::paths, word_element), xml::children(&Images::choices, choice_element));

const auto os_support_element = xml::describe<OsSupport>(
    "os", xml::attribute("supported", &OsSupport::supported, xml::yes_no).required(),
    xml::children(&OsSupport::choices, choice_element), xml::child("loader", &OsSupport::loader, images_element));

const auto model_element = xml::describe<CpuMode::Model>(
    "model", xml::attribute("usable", &CpuMode::Model::usable),
    xml::attribute("deprecated", &CpuMode::Model::deprecated), xml::attribute("vendor", &CpuMode::Model::vendor),
    xml::attribute("fallback", &CpuMode::Model::fallback), xml::text(&CpuMode::Model::name));

const auto feature_element = xml::describe<CpuMode::Feature>(
    "feature", xml::attribute("policy", &CpuMode::Feature::policy), xml::attribute("name", &CpuMode::Feature::name));

const auto address_size_element = xml::describe<CpuMode::AddressSize>(
    "maxphysaddr", xml::attribute("mode", &CpuMode::AddressSize::mode),
    xml::attribute("bits", &CpuMode::AddressSize::bits), xml::attribute("limit", &CpuMode::AddressSize::limit));

using D = DomainCapabilities;

xml::PartOf<D> supports(std::string_view name, std::optional<Support> D::*member) {
    return xml::child(name, member, support_element);
}

}  // namespace

const xml::Element<CpuMode> cpu_mode_element = xml::describe<CpuMode>(
    "mode", xml::attribute("name", &CpuMode::name).required(),
    xml::attribute("supported", &CpuMode::supported, xml::yes_no).required(),
    xml::children(&CpuMode::choices, choice_element), xml::children(&CpuMode::models, model_element),
    xml::value("vendor", &CpuMode::vendor), xml::child(&CpuMode::maxphysaddr, address_size_element),
    xml::children(&CpuMode::features, feature_element));

const xml::Element<DomainCapabilities> domain_capabilities_element = xml::describe<D>(
    "domainCapabilities", xml::value("path", &D::emulator), xml::value("domain", &D::type),
    xml::value("machine", &D::machine), xml::value("arch", &D::arch),
    xml::child("vcpu", xml::attribute("max", &D::max_vcpus)), xml::child("iothreads", &D::iothreads, support_element),
    xml::child("os", &D::os, os_support_element), xml::child("cpu", xml::children(&D::cpu_modes, cpu_mode_element)),
    supports("memoryBacking", &D::memory_backing),
    xml::child("devices", supports("disk", &D::disk), supports("graphics", &D::graphics), supports("video", &D::video),
               supports("hostdev", &D::hostdev), supports("rng", &D::rng), supports("filesystem", &D::filesystem),
               supports("tpm", &D::tpm), supports("redirdev", &D::redirdev), supports("channel", &D::channel)),
    xml::child("features", supports("gic", &D::gic), supports("vmcoreinfo", &D::vmcoreinfo),
               supports("genid", &D::genid), supports("backingStoreInput", &D::backing_store_input),
               supports("backup", &D::backup), supports("s390-pv", &D::s390_pv), supports("sev", &D::sev),
               supports("sgx", &D::sgx), supports("hyperv", &D::hyperv)));

}  // namespace innkeeper::model
