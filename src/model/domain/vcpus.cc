#include "model/domain/vcpus.h"

#include <fmt/format.h>

#include "base/error.h"
#include "model/domain/cpuset.h"
#include "xml/parts.h"

namespace innkeeper::model {

void refuse_empty_set(const CpuSet& set, const xml::Node& node, std::string_view attribute) {
    if (set.empty())
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("Invalid value of '{}': {}", attribute, node.attribute(attribute).value_or("")));
}

namespace {

void check_vcpus(Vcpus& vcpus, const xml::Node& node, const xml::ParseFlags&) {
    if (vcpus.cpuset) refuse_empty_set(*vcpus.cpuset, node, "cpuset");
}

}  // namespace

const xml::Element<Vcpus> vcpus_element =
    xml::describe<Vcpus>(
        "vcpu", xml::attribute("placement", &Vcpus::placement),
        xml::attribute("cpuset", &Vcpus::cpuset).complain(ErrorCode::invalid_arg, "Failed to parse bitmap '{}'"),
        xml::attribute("current", &Vcpus::current),
        xml::text(&Vcpus::maximum).complain(ErrorCode::xml_error, "maximum vcpus must be an integer"))
        .finished_by(check_vcpus);

const xml::Element<Vcpu> vcpu_element =
    xml::describe<Vcpu>("vcpu", xml::attribute("id", &Vcpu::id).required(),
                        xml::attribute("enabled", &Vcpu::enabled, xml::yes_no).required(),
                        xml::attribute("hotpluggable", &Vcpu::hotpluggable, xml::yes_no),
                        xml::attribute("order", &Vcpu::order).at_least(1));

const xml::Element<IoThread> iothread_element =
    xml::describe<IoThread>("iothread", xml::attribute("id", &IoThread::id).required().at_least(1),
                            xml::attribute("thread_pool_min", &IoThread::thread_pool_min).at_least(0),
                            xml::attribute("thread_pool_max", &IoThread::thread_pool_max)
                                .at_least(1)
                                .complain(ErrorCode::config_unsupported, "thread_pool_max must be a positive integer"));

}  // namespace innkeeper::model
