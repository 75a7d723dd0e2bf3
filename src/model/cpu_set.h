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

    void add(unsigned number) { add({number, number}); }
    void remove(unsigned number);
    bool contains(unsigned number) const;
    bool overlaps(const CpuSet& other) const;
    /// What is not below `end` goes.
    void cut(unsigned end);
    bool empty() const { return ranges_.empty(); }
    std::size_t size() const;
    /// The largest; of a set that is not empty.
    unsigned last() const { return ranges_.back().last; }
    /// Ascending.
    std::vector<unsigned> numbers() const;

    bool operator==(const CpuSet&) const = default;

  private:
    struct Range {
        unsigned first, last;
        bool operator==(const Range&) const = default;
    };
    void add(Range range);

    /// Ascending, with gaps between them: a few bytes of text never become a long list.
    std::vector<Range> ranges_;
};

}  // namespace innkeeper::model
