// The files that libvirt-guests reads: whatever they hold, what was understood of them is written and read as the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "shutdown/list_file.h"
#include "shutdown/settings.h"

using namespace innkeeper::shutdown;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> complaints, none;
    Settings settings;
    settings.apply(text, "f", complaints);
    if (settings.start_delay < std::chrono::seconds(0)) std::abort();

    const auto list = parse_list(text, "f", complaints);
    if (parse_list(format_list(list), "f", none) != list || !none.empty()) std::abort();
    return 0;
}
