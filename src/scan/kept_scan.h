// KeptScan: what of a column scan stays from query to query: the series it has, and how they fall into groups.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/column_scan.h"
#include "scan/selection_cache.h"
#include "scan/sequence_index.h"

namespace tickscope::scan {

/// A column scan whose series are a selection that may be kept.
class KeptScan : public ColumnScan {
 public:
  /// Scans with the same selection have the same series by the same numbers, with the same pairs.
  [[nodiscard]] virtual std::shared_ptr<const void> selection() const = 0;
  /// Where it is kept; null when it is not.
  [[nodiscard]] virtual SelectionCache* cache() const = 0;
};

/// What groups of series have in common.
struct GroupBy {
  std::vector<std::string> names;  ///< Labels, sorted.
  bool without = false;            ///< All labels but these; else these alone.
};

/// Which group each series of a scan belongs to.
class SeriesGroups {
 public:
  SeriesGroups(const ColumnScan& scan, const GroupBy& by);

  [[nodiscard]] std::uint32_t count() const { return groups_.size(); }
  [[nodiscard]] std::uint32_t Of(std::uint32_t series) const { return group_of_[series]; }
  /// The label pairs that a group's series have in common, by their numbers in the scan.
  [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t group) const {
    return groups_.at(group);
  }
  [[nodiscard]] std::uint64_t memory_bytes() const {
    return group_of_.capacity() * sizeof(std::uint32_t) + groups_.memory_bytes();
  }

 private:
  SequenceIndex groups_;
  std::vector<std::uint32_t> group_of_;
};

/// The groups of a scan's series, kept or worked out.
[[nodiscard]] std::shared_ptr<const SeriesGroups> GroupsOf(const ColumnScan& scan, const GroupBy& by);

}  // namespace tickscope::scan
