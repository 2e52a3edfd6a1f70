// DayReader: a tenant's blocks as families of series, for one metric of the cold tier at a time.
//
// A classic histogram's series (X_bucket with an le that is a number, and the X_sum and X_count beside it) are one
// member of family X. Everything else is a member of the family of its name.
//
// Invariants   D1 every series of the blocks is in exactly one family, once.
//              D2 members are in label order.
//
// Threads   Not thread-safe.
// Memory    Labels and places of one family's series; samples of one member.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "block/block_reader.h"
#include "model/labels.h"
#include "model/queryable.h"

namespace tickscope::cold {

class DayReader {
 public:
  using Blocks = std::vector<std::shared_ptr<const block::BlockReader>>;

  /// Where a series is: in some of the blocks.
  struct Source {
    std::uint32_t block = 0;
    block::SeriesId id{};
  };
  using Sources = std::vector<Source>;

  struct Bucket {
    double le = 0;
    std::string le_text;
    Sources sources;
  };
  struct Member {
    Labels labels;  ///< Without the metric's name; of a classic histogram also without le.
    Sources plain;
    std::vector<Bucket> buckets;  ///< By le.
    Sources sum;                  ///< Only beside buckets.
    Sources count;
  };

  /// Samples in [start, end] are read. Errors: kCorruption.
  [[nodiscard]] static Result<std::unique_ptr<DayReader>> Open(Blocks blocks, TimeMs start_ms, TimeMs end_ms);

  /// Names of families that may have members, sorted.
  [[nodiscard]] const std::vector<std::string>& families() const { return families_; }
  [[nodiscard]] Result<std::vector<Member>> Members(const std::string& family);
  /// Samples of a series out of all blocks, ascending; of equal times the first block's.
  [[nodiscard]] Result<const SampleColumns*> Read(const Sources& sources);

 private:
  DayReader(Blocks blocks, TimeMs start_ms, TimeMs end_ms);
  [[nodiscard]] bool HasMetric(const std::string& name) const { return metrics_.contains(name); }
  // Calls `visit(labels, source)` for every series of a metric.
  template <typename Visit>
  [[nodiscard]] Status ForEachSeries(const std::string& metric, const Visit& visit);
  // Packed labels of the classic histograms of a family.
  [[nodiscard]] Result<const std::set<std::string>*> ClassicKeys(const std::string& family);

  const Blocks blocks_;
  const TimeMs start_ms_;
  const TimeMs end_ms_;
  std::vector<std::unique_ptr<block::Cursor>> cursors_;
  std::set<std::string> metrics_;
  std::vector<std::string> families_;
  std::string keys_of_;
  std::set<std::string> keys_;
  SampleColumns samples_;
  SampleColumns sorted_;
};

}  // namespace tickscope::cold
