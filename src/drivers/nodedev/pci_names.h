#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace innkeeper::nodedev {

/// What makers and their PCI products are called, out of the list that distributions keep (`pci.ids`): looked up for
/// some devices in one reading, since the list has forty thousand lines.
class PciNames {
  public:
    using Id = std::pair<unsigned, unsigned>;  ///< vendor, product

    PciNames() = default;
    static PciNames find(std::string_view list, const std::set<Id>& wanted);
    /// From the distribution's list; nameless where there is none.
    static PciNames find_installed(const std::set<Id>& wanted);

    /// Empty where nobody knows.
    std::string vendor(unsigned vendor) const;
    std::string product(Id id) const;
    bool was_asked(Id id) const { return products_.contains(id); }

  private:
    std::map<unsigned, std::string> vendors_;
    std::map<Id, std::string> products_;
};

}  // namespace innkeeper::nodedev
