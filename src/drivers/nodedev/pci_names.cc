#include "drivers/nodedev/pci_names.h"

#include <charconv>
#include <optional>

#include "base/files.h"

namespace innkeeper::nodedev {

namespace {

std::optional<unsigned> id_at(std::string_view line) {
    unsigned value = 0;
    if (line.size() < 6) return std::nullopt;
    const auto [end, error] = std::from_chars(line.data(), line.data() + 4, value, 16);
    return error == std::errc{} && end == line.data() + 4 && line[4] == ' ' ? std::optional(value) : std::nullopt;
}

std::string_view name_at(std::string_view line) {
    const auto start = line.find_first_not_of(' ', 4);
    return start == line.npos ? std::string_view() : line.substr(start);
}

}  // namespace

/// A line of the list is `VVVV  vendor`, after it `<tab>PPPP  product` of that vendor, and `<tab><tab>…` for boards
/// that bear it. Classes follow at the end, from lines with "C ".
PciNames PciNames::find(std::string_view list, const std::set<Id>& wanted) {
    PciNames names;
    for (const auto& id : wanted) names.vendors_[id.first], names.products_[id];
    std::optional<unsigned> vendor;
    while (!list.empty()) {
        const auto end = list.find('\n');
        const auto line = list.substr(0, end);
        list.remove_prefix(end == list.npos ? list.size() : end + 1);
        if (line.empty() || line[0] == '#') continue;
        if (line.starts_with("C ")) break;
        if (line[0] != '\t') {
            vendor = id_at(line);
            const auto asked = vendor ? names.vendors_.find(*vendor) : names.vendors_.end();
            if (asked == names.vendors_.end())
                vendor.reset();
            else
                asked->second = name_at(line);
        } else if (vendor && line[1] != '\t') {
            const auto product = id_at(line.substr(1));
            const auto asked = product ? names.products_.find({*vendor, *product}) : names.products_.end();
            if (asked != names.products_.end()) asked->second = name_at(line.substr(1));
        }
    }
    return names;
}

PciNames PciNames::find_installed(const std::set<Id>& wanted) {
    return find(read_file("/usr/share/misc/pci.ids").value_or(""), wanted);
}

std::string PciNames::vendor(unsigned vendor) const {
    const auto found = vendors_.find(vendor);
    return found == vendors_.end() ? "" : found->second;
}
std::string PciNames::product(Id id) const {
    const auto found = products_.find(id);
    return found == products_.end() ? "" : found->second;
}

}  // namespace innkeeper::nodedev
