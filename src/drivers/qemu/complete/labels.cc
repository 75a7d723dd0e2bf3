#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::SecurityLabel;

void settle_labels(Completion& it) {
    for (SecurityLabel& label : it.def.security_labels) {
        if (!label.model.empty() || label.type == SecurityLabel::Type::none) continue;
        label.model = it.host.security_model;
        if (label.model == "none") {
            // Nobody is there to label anything.
            label.type = SecurityLabel::Type::none;
            label.relabel.reset();
        }
    }
}

}  // namespace innkeeper::qemu
