#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace innkeeper::model {

/// A set of small numbers: processors, NUMA nodes, I/O threads. As text "1-4,8,^3", where ^ takes out again.
class CpuSet {
  public:
    static constexpr unsigned highest = 16383;

    static constexpr std::string_view pattern = R"([0-9,^\s\-]*)";  ///< what `parse` accepts, for schemas
    static std::optional<CpuSet> parse(std::string_view text);
    /// Sorted, in ranges: "1-2,4,8".
    std::string text() const;

    void add(unsigned number);
    void remove(unsigned number);
    bool contains(unsigned number) const;
    bool empty() const { return numbers_.empty(); }
    std::size_t size() const { return numbers_.size(); }
    /// Ascending.
    const std::vector<unsigned>& numbers() const { return numbers_; }

    bool operator==(const CpuSet&) const = default;

  private:
    std::vector<unsigned> numbers_;
};

}  // namespace innkeeper::model
