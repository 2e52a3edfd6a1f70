// TenantSeries: the series of one tenant as the gateway knows them: which number a series has, whether it may be one,
// and what becomes of it if not.
//
// Invariants   S1 a series has one number from its first sample until it is forgotten, long after its last; then it may
//                 get another. The store serves both as one.
//              S2 counts of active series are exact: each one's first sample adds it, Sweep takes it away.
//              S3 what a batch defines, it uses; what it uses is defined in its epoch.
// Threads      Externally locked.
// Memory       About 100 bytes a series that is known.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "codec/sample_batch.h"
#include "guard/guard.h"
#include "ingest/overflow.h"
#include "ingest/series_keys.h"
#include "ingest/series_limits.h"
#include "ingest/series_table.h"
#include "model/labels.h"

namespace tickscope::ingest {

/// Where a series' samples go: to a series, to a group's total, or nowhere, for the guard refused the series.
class Place {
 public:
  explicit Place(SeriesRef ref) : bits_(ToIndex(ref)) {}
  explicit Place(OverflowSource source) : bits_(static_cast<std::uint32_t>(source) | kSourceBit) {}

  [[nodiscard]] static Place Refused() { return Place(static_cast<OverflowSource>(~kSourceBit)); }

  [[nodiscard]] bool is_refused() const { return bits_ == ~std::uint32_t{0}; }
  /// Of a group's total; also true when refused.
  [[nodiscard]] bool is_source() const { return (bits_ & kSourceBit) != 0; }
  [[nodiscard]] SeriesRef ref() const { return static_cast<SeriesRef>(bits_); }
  [[nodiscard]] OverflowSource source() const { return static_cast<OverflowSource>(bits_ & ~kSourceBit); }

  static constexpr std::uint32_t kSourceBit = 0x8000'0000U;

 private:
  std::uint32_t bits_;
};

/// A moment as the tenant's series see it.
struct Arrival {
  std::uint32_t epoch = 0;  ///< Low half of the stream's.
  TimeMs now_ms = 0;
  [[nodiscard]] std::uint32_t now_s() const { return static_cast<std::uint32_t>(now_ms / 1000); }
};

struct TenantSeriesOptions {
  SeriesLimits limits;
  std::int64_t idle_ms = 30 * 60'000;          ///< Silence after which a series is not active.
  std::uint64_t overflow_series_max = 10'000;  ///< Series that overflow may go to.
  std::uint64_t overflow_sources_max = 200'000;
  std::vector<std::string> overflow_keeps = {"le", "quantile"};  ///< Labels overflow series keep. Sorted.

  friend bool operator==(const TenantSeriesOptions&, const TenantSeriesOptions&) = default;
};

/// What the guard says of a series' budgets, and what became of it.
struct BudgetedSeries {
  guard::SchemaBudgets budgets;
  bool is_new_to_guard = false;                ///< Also a series that is active is held to them.
  const guard::BudgetedValue* over = nullptr;  ///< Set to the first that was one too many, or left.
};

class TenantSeries {
 public:
  TenantSeries(std::uint64_t seed, TimeMs started_ms) : seed_(seed), started_ms_(started_ms) {}

  /// The place of a sender's bytes when nothing about it needs labels. The caller touches what it gets.
  [[nodiscard]] std::optional<Place> FindRaw(const wire::SeriesKey& key, const Arrival& arrival) {
    const std::optional<SeriesRef> known = raw_keys_.Find(key);
    if (!known) return std::nullopt;
    const Place place = PlaceOf(*known);
    if (place.is_source()) return place;
    const SeriesState& state = table_[place.ref()];
    if (state.metric == 0 || state.defined_epoch != arrival.epoch) return std::nullopt;
    return place;
  }
  /// Whether the series with these labels (normalised) was judged by the guard and let in, by this process.
  [[nodiscard]] bool IsJudged(const std::vector<LabelView>& labels);
  void SetJudged(SeriesRef ref);
  /// Has every series judged again at its next sample: the rules changed.
  void ForgetVerdicts();
  /// Remembers that these bytes mean that place; of refused ones the last kRefusedKeysMax.
  void AddRaw(const wire::SeriesKey& key, Place place);

  /// The place of the series with these labels (normalised), new if need be; defines it in the batch when this epoch
  /// has not. `type` is the metric's, if known.
  /// One with a value over a budget of the schema goes to the series with __overflow__ in that value's place.
  /// Errors: kResourceExhausted when neither a series nor overflow can take it.
  [[nodiscard]] Result<Place> Define(const TenantSeriesOptions& options, const Arrival& arrival,
                                     const std::vector<LabelView>& labels, std::string_view type,
                                     codec::SampleBatch& batch, BudgetedSeries* budgeted = nullptr);

  [[nodiscard]] SeriesState& state(SeriesRef ref) { return table_[ref]; }
  [[nodiscard]] SeriesState* FindState(SeriesRef ref) { return table_.Find(ref); }
  /// Adds a sample of a source to its group's total; false when it was added before.
  bool AddOverflow(OverflowSource source, const Arrival& arrival, TimeMs time_ms, double value,
                   codec::SampleBatch& batch);
  /// Why the source's series is one too many.
  [[nodiscard]] LimitReason ReasonOf(OverflowSource source) const;

  /// Begins a batch.
  void Begin() { overflow_.Begin(); }
  /// Ends a batch: gives totals that changed a sample, and now and then forgets what fell silent.
  void End(const TenantSeriesOptions& options, const Arrival& arrival, codec::SampleBatch& batch);
  /// Undoes what Begin began: the stream did not take the batch.
  void Revert(const codec::SampleBatch& batch);
  /// Counts series for other budgets from their next sample on.
  void Recount();

  void Reserve(std::uint32_t next_ref) { table_.Reserve(next_ref); }
  void Replay(const TenantSeriesOptions& options, const codec::SampleBatch& batch);

  struct OverflowState {
    std::string series;  ///< As a selector.
    std::uint64_t sources = 0;
    double total = 0;
  };
  [[nodiscard]] std::uint64_t active() const { return active_; }
  [[nodiscard]] std::uint64_t budget_active(std::size_t budget) const { return budget_active_[budget]; }
  [[nodiscard]] std::vector<OverflowState> Overflows() const;
  /// Values that count against the schema's budgets.
  [[nodiscard]] std::size_t budget_values() const { return values_.size(); }
  [[nodiscard]] std::size_t bytes() const {
    return raw_keys_.bytes() + canonical_keys_.bytes() + table_.bytes() + judged_.size() / 8 +
           values_.bytes();
  }

 private:
  // Metric number of series that no limit counts: those of overflow.
  static constexpr std::uint32_t kUncounted = 1;
  // Series that were refused and are known by their bytes, so that they are not judged at each sample. Who sends ever new
  // ones has them judged again now and then.
  static constexpr std::size_t kRefusedKeysMax = 100'000;
  struct Metric {
    std::string name;
    std::uint64_t active = 0;
  };
  struct GroupInfo {
    Labels labels;
    LimitReason reason = LimitReason::kTenant;
  };

  [[nodiscard]] static Place PlaceOf(SeriesRef ref) {
    return (ToIndex(ref) & Place::kSourceBit) != 0
               ? Place(static_cast<OverflowSource>(ToIndex(ref) & ~Place::kSourceBit))
               : Place(ref);
  }
  [[nodiscard]] wire::SeriesKey CanonicalKey(const std::vector<LabelView>& labels) const;
  [[nodiscard]] std::uint32_t MetricNumber(std::string_view name);
  [[nodiscard]] std::optional<LimitReason> OverLimit(const SeriesLimits& limits, std::uint32_t metric,
                                                     std::uint32_t budgets) const;
  void Activate(SeriesState& state, std::uint32_t metric, std::uint32_t budgets);
  void Deactivate(SeriesRef ref);
  // Whether the series must be folded; notes what is over a budget.
  [[nodiscard]] bool IsOverBudget(BudgetedSeries& budgeted) const;
  void HoldValues(SeriesRef ref, const BudgetedSeries& budgeted);
  // The labels with __overflow__ for what is over a budget. An overflow series spends none: values nobody holds go as well.
  [[nodiscard]] std::vector<LabelView> FoldedLabels(std::vector<LabelView> labels,
                                                    const guard::SchemaBudgets& budgets) const;
  // Those that hold what is over a limit of series.
  [[nodiscard]] static std::vector<LabelView> OverflowLabels(const TenantSeriesOptions& options,
                                                             const std::vector<LabelView>& labels,
                                                             LimitReason reason);
  // Knows the series for a group's when it is one, having read its labels and what was added.
  void RestoreFoldedGroup(SeriesRef ref);
  [[nodiscard]] Result<Place> Overflow(const TenantSeriesOptions& options,
                                       const std::vector<LabelView>& group, std::string_view type,
                                       LimitReason reason, const codec::SeriesHash& source, bool was_heard);
  void Sweep(const TenantSeriesOptions& options, const Arrival& arrival, codec::SampleBatch& batch);

  const std::uint64_t seed_;
  const TimeMs started_ms_;
  SeriesKeys raw_keys_;        // By the bytes a sender names the series with.
  SeriesKeys canonical_keys_;  // By the labels. Apart, so that raw keys stay in their senders' order.
  SeriesTable table_;
  std::vector<bool> judged_;  // By ref.
  std::size_t refused_keys_ = 0;
  std::unordered_map<std::string, std::uint32_t> metric_numbers_;
  std::vector<Metric> metrics_ = std::vector<Metric>(2);  // By number; 0 is none, 1 kUncounted.
  std::vector<std::uint32_t> free_metrics_;
  std::uint64_t active_ = 0;
  std::uint64_t idle_ = 0;  // Series known and not active.
  std::vector<std::uint64_t> budget_active_ = std::vector<std::uint64_t>(kBudgetsMax);
  guard::LabelBudgets values_;  // Of active series.
  OverflowTotals overflow_;
  std::unordered_map<std::uint32_t, GroupInfo> groups_;  // By ref.
  std::unordered_map<std::uint32_t, Labels>
      perhaps_groups_;                  // Read back, with __overflow__ for a value. By ref.
  std::vector<bool> source_was_heard_;  // By source.
  TimeMs swept_ms_ = 0;
};

}  // namespace tickscope::ingest
