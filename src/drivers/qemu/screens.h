#pragma once

#include <string>

#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// Screens that are drawn by the host's graphics card and do not say by which get the first that can be used without
/// being shown. Throws Error where there is none.
void choose_render_nodes(model::DomainDef& def, const std::string& folder = "/dev/dri");

/// Throws Error for video cards that a program of the host's beside QEMU should draw: none is started.
void check_video_helpers(const model::DomainDef& def);

}  // namespace innkeeper::qemu
