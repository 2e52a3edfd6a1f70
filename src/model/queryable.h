// Queryable: storage as a query sees it. PromQL, the series API and the rules know nothing else of the store.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/read_span.h"
#include "model/select_hints.h"
#include "model/tenant.h"

namespace tickscope {

/// Samples of one series as columns, in strictly ascending time. Reused from series to series.
struct SampleColumns {
  std::vector<TimeMs> times_ms;
  std::vector<double> values;            ///< One a time; 0 where the sample is a histogram.
  std::vector<HistogramPtr> histograms;  ///< Empty when no sample is one, else one a time, null for floats.
  std::vector<TimeMs> start_times_ms;    ///< Empty when none is known, else one a time, 0 for unset.
  /// How many samples each row stands for: more than one where it is a window's sum. Empty when all are one.
  std::vector<double> counts;

  void Clear() {
    times_ms.clear();
    values.clear();
    histograms.clear();
    start_times_ms.clear();
    counts.clear();
  }
  [[nodiscard]] std::size_t size() const { return times_ms.size(); }
};

/// Lets the caller of a long read end it early. Thread-safe.
class QueryContext {
 public:
  QueryContext() = default;
  QueryContext(const Clock& clock, std::chrono::nanoseconds deadline) : clock_(&clock), deadline_(deadline) {}

  void Cancel() { cancelled_ = true; }
  /// Errors: kCancelled after Cancel, kDeadlineExceeded past the deadline, kResourceExhausted when this thread's
  /// MemoryMeter is over. Cheap enough for every few thousand samples.
  [[nodiscard]] Status Check() const;

  /// Counts samples taken from storage, for who watches the read.
  void CountSamples(std::uint64_t count) const { samples_read_.fetch_add(count, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t samples_read() const { return samples_read_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
  mutable std::atomic<std::uint64_t> samples_read_{0};
  const Clock* clock_ = nullptr;
  std::chrono::nanoseconds deadline_{0};
};

/// What a selector asks for. Times are inclusive at both ends, milliseconds since the epoch.
struct SelectRequest {
  TenantId tenant{kDefaultTenant};
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::vector<Matcher> matchers;
  /// Nothing when every sample is wanted as it came, as far as it is there.
  std::optional<SelectHints> hints = std::nullopt;
};

/// Series one after the other, in ascending label order. Not thread-safe.
class SeriesSet {
 public:
  virtual ~SeriesSet() = default;
  /// Moves to the next series; false at the end. Call once before the first.
  [[nodiscard]] virtual bool Next() = 0;
  /// Labels of the current series; valid until the next Next.
  [[nodiscard]] virtual const Labels& labels() const = 0;
  /// Replaces `out` by the current series' samples in the requested time range, staleness markers included.
  /// Errors: kCorruption when stored bytes do not decode; what QueryContext::Check says.
  [[nodiscard]] virtual Status ReadSamples(SampleColumns& out) = 0;
  /// From what is read; nothing when that is samples as they came and no more is known.
  [[nodiscard]] std::span<const ReadSpan> spans() const { return spans_; }
  /// Who makes a set tells, before others see it.
  void SetSpans(std::vector<ReadSpan> spans) { spans_ = std::move(spans); }

 private:
  std::vector<ReadSpan> spans_;
};

/// Type, help and unit of a metric family, as scraped or sent.
struct MetricMetadata {
  std::string type;  ///< counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown
  std::string help;
  std::string unit;
  friend bool operator==(const MetricMetadata&, const MetricMetadata&) = default;
};

class ColumnScan;

/// Thread-safe. `context` outlives what is returned.
class Queryable {
 public:
  virtual ~Queryable();

  /// Series that match and may have samples in the range. At least one matcher must refuse the empty value;
  /// the caller checks. Errors: kResourceExhausted when more series match than a query may hold.
  [[nodiscard]] virtual Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                                  const QueryContext& context) const = 0;
  /// The same series as columns (model/column_scan.h), or null when this storage cannot tell them so; then Select does.
  /// Errors: as Select.
  [[nodiscard]] virtual Result<std::unique_ptr<ColumnScan>> Scan(const SelectRequest& request,
                                                                 const QueryContext& context) const;
  /// Label names of matching series, sorted, unique. No matchers means all.
  [[nodiscard]] virtual Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                                    const QueryContext& context) const = 0;
  /// Values of `name` on matching series, sorted, unique. No matchers means all.
  [[nodiscard]] virtual Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                                     const SelectRequest& request,
                                                                     const QueryContext& context) const = 0;
};

/// Tells what Select of a request would read, without reading it: from listings alone, in microseconds. Thread-safe.
class ReadPlanner {
 public:
  virtual ~ReadPlanner() = default;
  [[nodiscard]] virtual ReadPlan PlanRead(const SelectRequest& request) const = 0;
};

}  // namespace tickscope
