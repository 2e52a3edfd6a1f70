// PageSeries: one SDK page's series as they are sent, and their values, read by read.
//
// What arrives is what a scrape of the same process's /metrics in protobuf would bring: classic histograms as _bucket, _sum
// and _count, exponential ones native, counters and histograms with the time the page was made as their start. Besides, two
// series tell of the page itself: `up` (1 while its process runs) and `tickscope_page_heartbeat_timestamp_seconds`.
//
// Labels are made when a family is first met. A read after that copies no text and allocates for native histograms only.
//
// Threads   Externally locked.
// Memory    Labels and 64 bytes a series.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "agent/agent_config.h"
#include "agent/write_batch.h"
#include "base/clock.h"
#include "base/error.h"
#include "guard/guard.h"
#include "sdkpage/page_reader.h"

namespace tickscope::agent {

enum class PageProcess : std::uint8_t { kRuns, kEnded };

class PageSeries {
 public:
  /// `target` says which labels are added and whether histograms are native; `guard`, which may be null, outlives this.
  PageSeries(TargetConfig target, const Labels& external_labels, guard::Guard* guard);

  /// How many series the page's families make, without making them.
  [[nodiscard]] std::uint64_t CountOf(const sdkpage::PageReader& page) const;
  /// Makes the series of families that are new. Returns how many they are.
  /// Errors: kCorruption when a series is there twice, as no SDK would declare it; the page is to be given up then.
  [[nodiscard]] Result<std::size_t> Learn(const sdkpage::PageReader& page);
  /// Appends a sample of each series that was learnt and that the guard lets out. Returns how many it does not.
  std::size_t Append(const sdkpage::PageReader& page, PageProcess process, TimeMs time_ms, WriteBatch& batch);
  /// Appends a staleness marker for each series; afterwards there are none.
  void AppendMarkers(TimeMs time_ms, WriteBatch& batch);

  [[nodiscard]] std::size_t size() const { return series_.size(); }

 private:
  /// A series of a page's family, which is one or many of ours.
  struct Point {
    std::uint32_t family = 0;
    std::uint32_t series = 0;
    std::size_t first = 0;               ///< Of series_,
    std::size_t end = 0;                 ///< and behind its last.
    bool is_refused = false;             ///< By the guard: none of them goes out.
    std::uint64_t exemplar_unix_ns = 0;  ///< Of the newest one sent.
  };

  // Asks the guard about all series of a point: parts of a histogram go out together or not at all.
  void Judge(Point& point) const;
  // After the guard's rules changed: asks again, and ends what was alive and is refused now.
  void JudgeAgain(TimeMs time_ms, WriteBatch& batch);
  [[nodiscard]] Status LearnFamily(const sdkpage::PageFamily& family, std::uint32_t index);
  [[nodiscard]] Status Add(Labels own, std::shared_ptr<const Family> family, bool is_native);
  void AddOwn(std::string_view name, std::string_view help);
  void AppendClassic(const sdkpage::PageReader& page, Point& point, BatchSample sample,
                     WriteBatch& batch) const;
  void AppendNative(const sdkpage::PageReader& page, Point& point, BatchSample sample,
                    WriteBatch& batch) const;
  [[nodiscard]] bool IsNative(const sdkpage::PageFamily& family) const;

  const TargetConfig target_;
  const Labels external_labels_;
  guard::Guard* const guard_;
  std::uint64_t guard_generation_ = 0;
  std::size_t families_ = 0;  ///< Of the page, that points_ has.
  std::vector<Point> points_;
  std::vector<SeriesPtr> series_;
  std::vector<bool> is_histogram_;  ///< Of series_.
  std::unordered_set<std::uint64_t> hashes_;
};

}  // namespace tickscope::agent
