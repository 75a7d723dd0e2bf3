#include "drivers/qemu/cpu_modes.h"

#include "drivers/qemu/cpu_document.h"
#include "xml/node.h"

namespace innkeeper::qemu {

std::vector<model::CpuMode> cpu_modes(const Capabilities& capabilities, bool is_accelerated) {
    xml::Writer out;
    write_cpu_modes(out, capabilities, is_accelerated);
    const auto document = xml::Document::parse(std::move(out).take(), "(cpu)");
    std::vector<model::CpuMode> modes;
    for (auto mode = document.root().child("mode"); mode; mode = mode.next("mode"))
        modes.push_back(model::cpu_mode_element.read(mode));
    return modes;
}

}  // namespace innkeeper::qemu
