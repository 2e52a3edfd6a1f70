// StatsdTable: what StatsD lines add up to: counters that only grow, gauges, histograms and sets, by metric and tags.
//
//   "game.kills:1|c|@0.1|#map:x"  ──►  game_kills_total{map="x"} += 10
//
// A series is found by the text of its line; only a first sight is parsed. Lines that differ in the order of their tags are one series.
//
// Invariants   T1 a metric has one kind: the first that came, until its last series ended.
//              T2 series and values of sets stay within StatsdLimits, whatever comes.
// Threads      Externally locked.
// Memory       About 400 bytes a series, its labels, and ValueHistogram's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.h"
#include "model/labels.h"
#include "statsd/histogram_form.h"
#include "statsd/statsd_line.h"
#include "statsd/statsd_metrics.h"
#include "statsd/value_histogram.h"

namespace tickscope::statsd {

struct StatsdLimits {
  std::size_t series_max = 10'000;
  std::size_t set_values_max = 100'000;  ///< Of all sets together, between two flushes.
  std::int64_t expire_ms = 300'000;
};

enum class SeriesKind : std::uint8_t { kCounter, kGauge, kHistogram, kSet };

struct StatsdSeries {
  std::uint64_t id = 0;  ///< Never used again.
  Labels labels;         ///< Of its tags, and the metric's name.
  SeriesKind kind = SeriesKind::kCounter;
  double value = 0;                           ///< Of a set: how many values came since the last flush.
  std::unique_ptr<ValueHistogram> histogram;  ///< Of kHistogram.
  TimeMs created_ms = 0;
  TimeMs updated_ms = 0;

 private:
  friend class StatsdTable;
  std::unordered_set<std::uint64_t> set_;  // Hashes of its values.
  double carry_ = 0;                       // Of calls that were sampled: what is no whole one yet.
};

class StatsdTable {
 public:
  /// `metrics` outlives it. `form` is of histograms that `forms` does not name.
  StatsdTable(StatsdLimits limits, HistogramForm form, HistogramForms forms, StatsdMetrics& metrics);

  /// Takes the lines of a datagram; what cannot be is counted.
  void Take(std::string_view datagram, TimeMs now_ms);

  struct Visitor {
    std::function<void(const StatsdSeries&)> on_series;
    std::function<void(const StatsdSeries&)> on_end;  ///< It has expired.
  };
  /// Every series in the order of first sight; sets begin anew behind it.
  void Flush(TimeMs now_ms, const Visitor& visitor);

  [[nodiscard]] std::size_t size() const { return series_.size(); }

 private:
  using SeriesList = std::unordered_map<Labels, StatsdSeries*>;
  struct Family {
    SeriesKind kind = SeriesKind::kCounter;
    std::size_t series_count = 0;
  };

  void TakeLine(std::string_view line, TimeMs now_ms);
  [[nodiscard]] StatsdSeries* SeriesOf(const StatsdLine& line, TimeMs now_ms);
  [[nodiscard]] StatsdSeries* Learn(const StatsdLine& line, TimeMs now_ms);
  void TakeNumber(const StatsdLine& line, const StatsdValue& value, StatsdSeries& series);
  void TakeMember(std::string_view value, StatsdSeries& series);
  void Refuse(StatsdRefusal reason) { metrics_.refused(reason).Add(); }

  const StatsdLimits limits_;
  const HistogramForm form_;
  const HistogramForms forms_;
  StatsdMetrics& metrics_;
  std::vector<std::unique_ptr<StatsdSeries>> series_;
  SeriesList by_labels_;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  // By name, type and tags as they were written; forgotten as a whole when there are too many.
  std::unordered_map<std::string, StatsdSeries*, TextHash, std::equal_to<>> by_text_;
  std::unordered_map<std::string, Family> families_;
  std::size_t set_values_ = 0;
  std::uint64_t next_id_ = 1;
  std::string key_;
};

}  // namespace tickscope::statsd
