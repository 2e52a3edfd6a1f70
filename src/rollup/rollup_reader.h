// RollupReader: the files of one resolution as one: series with columns of windows.
//
// Which file speaks for a window, when several are about it: that with the greatest end_offset, then the one last by
// path. A file that another names as a source is left out altogether.
//
// What was left out of a file because it follows from others (docs/formats/rollup.md) is put back: a request of `max` may read
// `last`, `first` and `count` too. What no file covers has kNoValue; coverage() tells it apart from what has none.
//
// Threads   The reader is immutable. A RollupSeries belongs to one thread.
// Memory    Labels of the series selected, a few bytes a file for each; then one series' windows.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "block/block_reader.h"
#include "model/column_scan.h"
#include "model/matcher.h"
#include "rollup/rollup_rows.h"
#include "rollup/window_form.h"
#include "scan/selection_cache.h"

namespace tickscope::rollup {

/// The windows that end in (after, until].
struct WindowRange {
  TimeMs after_ms = 0;
  TimeMs until_ms = 0;
  friend bool operator==(const WindowRange&, const WindowRange&) = default;
};

enum class SeriesOrder : std::uint8_t {
  kLabels,  ///< As SeriesSet has it.
  kBlock,   ///< As block::BlockOrder has it.
};

struct RollupRequest {
  std::vector<Matcher> matchers;
  TimeMs start_ms = 0;  ///< Windows whose end is in [start, end].
  TimeMs end_ms = 0;
  AggregateSet aggregates;
  SeriesOrder order = SeriesOrder::kLabels;
  /// How far before the first window its first increase may begin from; 0 is a window.
  std::int64_t steps_reach_ms = 0;
  std::size_t series_max = 1'000'000;
};

/// Series one after the other.
class RollupSeries {
 public:
  virtual ~RollupSeries() = default;
  /// Moves to the next series; false at the end. Call once before the first.
  [[nodiscard]] virtual bool Next() = 0;
  /// Valid until the next Next.
  [[nodiscard]] virtual const Labels& labels() const = 0;
  /// Replaces `rows` by the series' windows: the requested aggregates' columns are as long as ends_ms, the others empty.
  /// Errors: kCorruption; what QueryContext::Check says.
  [[nodiscard]] virtual Status Read(RollupRows& rows) = 0;
};

class RollupReader : public std::enable_shared_from_this<RollupReader> {
 public:
  /// Errors: kInvalidArgument when there are none, or they are not rollups of one tenant and one resolution; kCorruption.
  [[nodiscard]] static Result<std::shared_ptr<const RollupReader>> Make(
      std::vector<std::shared_ptr<const block::BlockReader>> blocks);

  [[nodiscard]] const TenantId& tenant() const;
  [[nodiscard]] std::int64_t resolution_ms() const;
  /// Greatest of the files.
  [[nodiscard]] std::uint64_t end_offset() const;
  /// Windows the aggregate's files are about, ascending and apart.
  [[nodiscard]] std::vector<WindowRange> coverage(Aggregate aggregate) const;
  /// Whether all windows in (start, end] are covered.
  [[nodiscard]] bool Covers(Aggregate aggregate, TimeMs start_ms, TimeMs end_ms) const;

  /// Series that match and may have windows in the range. The reader outlives what is returned, as does `context`.
  /// Errors: kInvalidArgument without aggregates; kResourceExhausted beyond series_max; kCorruption.
  [[nodiscard]] Result<std::unique_ptr<RollupSeries>> Select(const RollupRequest& request,
                                                             const QueryContext& context) const;

  /// The rows of windows (window_form.h) as samples, as scans of which no two tell the same window; in order of time as far as
  /// files are. The request's aggregates are the form's. A series that has no exact rows where they are asked for refuses
  /// with kUnsupported. Which series they are is kept in the cache, if there is one. The context outlives them, as does the
  /// cache. Errors: as Select.
  [[nodiscard]] Result<std::vector<std::unique_ptr<ColumnScan>>> ScanRows(
      const RollupRequest& request, WindowForm form, Precision precision, const QueryContext& context,
      scan::SelectionCache* cache = nullptr) const;

 private:
  struct File {
    std::shared_ptr<const block::BlockReader> block;
    Aggregate aggregate{};
    std::vector<WindowRange> windows;  // It speaks for.
  };
  class Selection;
  class RowScan;

  RollupReader() = default;

  // The aggregate's values as stored.
  [[nodiscard]] Result<std::vector<std::unique_ptr<ColumnScan>>> ScanStored(
      Aggregate aggregate, const std::vector<Matcher>& matchers, TimeMs start_ms, TimeMs end_ms,
      std::size_t series_max, const QueryContext& context, scan::SelectionCache* cache) const;

  std::vector<File> files_;
};

}  // namespace tickscope::rollup
