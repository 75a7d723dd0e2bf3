#include "model/nodedev/ap.h"

#include <fmt/format.h>

#include "model/nodedev/known_capabilities.h"

namespace innkeeper::model::nodedev {

namespace {

using enum ErrorCode;

constexpr unsigned most_domains = 256;

template <class T>
xml::PartOf<T> adapter_part() {
    return xml::value("ap-adapter", &T::adapter)
        .hex(2)
        .required(config_unsupported, "missing ap-adapter value for 'new device'")
        .complain(config_unsupported, "invalid ap-adapter value '{}' for 'new device'");
}

void check_domain(ApQueue& queue, const xml::Node& node, const xml::ParseFlags&) {
    if (queue.domain >= most_domains)
        throw Error(config_unsupported, fmt::format("ap-domain value '{}' is out of range for 'new device'",
                                                    node.child("ap-domain").text()));
}

const xml::Element<ApMatrixCapability> capability = xml::describe<ApMatrixCapability>(
    "capability", xml::one_of("type", &ApMatrixCapability::kind, xml::alternative("mdev_types", mdev_types)));

}  // namespace

const xml::Element<ApCard> ap_card = xml::describe<ApCard>("capability", adapter_part<ApCard>());

const xml::Element<ApQueue> ap_queue =
    xml::describe<ApQueue>("capability", adapter_part<ApQueue>(),
                           xml::value("ap-domain", &ApQueue::domain)
                               .hex(4)
                               .required(config_unsupported, "missing ap-domain value for 'new device'")
                               .complain(config_unsupported, "invalid ap-domain value '{}' for 'new device'"))
        .finished_by(check_domain);

const xml::Element<ApMatrix> ap_matrix =
    xml::describe<ApMatrix>("capability", xml::expanded<ApMatrix>(),
                            known_capabilities<&ApMatrix::capabilities, capability>(&ApMatrix::capabilities));

}  // namespace innkeeper::model::nodedev
