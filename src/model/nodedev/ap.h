#pragma once

#include <variant>
#include <vector>

#include "model/nodedev/mdev.h"
#include "xml/description.h"

/// The mainframe's cryptographic adapters: cards, their queues, and what hands them to guests.
namespace innkeeper::model::nodedev {

struct ApCard {
    unsigned adapter = 0;
    bool operator==(const ApCard&) const = default;
};

struct ApQueue {
    unsigned adapter = 0, domain = 0;
    bool operator==(const ApQueue&) const = default;
};

struct ApMatrixCapability {
    std::variant<std::monostate, MdevTypes> kind;
    bool operator==(const ApMatrixCapability&) const = default;
};
struct ApMatrix {
    std::vector<ApMatrixCapability> capabilities;
    bool operator==(const ApMatrix&) const = default;
};

extern const xml::Element<ApCard> ap_card;
extern const xml::Element<ApQueue> ap_queue;
extern const xml::Element<ApMatrix> ap_matrix;

}  // namespace innkeeper::model::nodedev
