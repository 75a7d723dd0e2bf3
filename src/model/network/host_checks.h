#pragma once

#include "model/network/network.h"

namespace innkeeper::model {

/// What a document may say and no host could do: checked where networks are made of real bridges and devices. Throws
/// the peer's sentences.
void check_for_host(const Network& def);

}  // namespace innkeeper::model
