// Guard: which series may exist. What a schema does not name, and what gives somebody away, is refused: that series
// alone, with a reason that is counted and shown; the rest of its batch goes in.
//
// Judged is a series at its first sight, once; whoever asks keeps the verdict (the gateway beside the series' number, the
// agent in its series cache), so that in steady state the guard costs nothing.
//
// Rules may change while it runs (Replace): whoever keeps verdicts compares generation() and asks again.
//
// Invariants   G1 a verdict is a function of the series, its declared type and the rules: asking twice is harmless.
//              G2 no label value is in an error, a log or a metric; names are redacted first. In the ring is what
//                 reject_sample.h lets through (G3).
// Threads      Thread-safe.
// Memory       The compiled schema; the ring (reject_ring.h).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "guard/label_budgets.h"
#include "guard/pii_scanner.h"
#include "guard/reject_ring.h"
#include "model/labels.h"
#include "model/tenant.h"
#include "schema/schema.h"

namespace tickscope::guard {

enum class GuardMode : std::uint8_t {
  kAuto,     ///< kEnforce with a schema, kObserve without.
  kOff,      ///< Nothing is judged.
  kObserve,  ///< Counted and shown, and let in.
  kEnforce,
};

/// "auto", "off", "observe", "enforce", in the enum's order.
inline constexpr std::array<std::string_view, 4> kGuardModeNames = {"auto", "off", "observe", "enforce"};

enum class RejectReason : std::uint8_t {
  kUnknownMetric,  ///< The schema does not name the metric.
  kUnknownLabel,   ///< Nor the label, for that metric.
  kMissingLabel,   ///< A label that is not optional is not there.
  kLabelValue,     ///< The value is not one of those there are.
  kPattern,        ///< The value does not match.
  kTypeConflict,   ///< The metric is declared as another type than the schema, or than before.
  kPii,            ///< A name or a value gives somebody away.
  kTooLong,        ///< A label, or a label's name, has too many bytes.
  kBadUtf8,        ///< A label's name or value is not UTF-8.
  kBudget,         ///< One value more than the schema's budget; folded, not refused.
};
inline constexpr std::size_t kRejectReasons = 10;

/// What a value over its budget becomes.
inline constexpr std::string_view kOverflowValue = "__overflow__";

/// "unknown_metric", "unknown_label", "missing_label", "label_value", "pattern", "type_conflict", "pii",
/// "too_long", "bad_utf8", "budget".
[[nodiscard]] std::string_view RejectReasonName(RejectReason reason);

struct Rejection {
  RejectReason reason = RejectReason::kPii;
  std::string message;  ///< For the sender: reason and label, no value.
};

struct GuardOptions {
  GuardMode mode = GuardMode::kAuto;
  std::optional<schema::Schema> schema;
  PiiScannerOptions pii;
};

/// Where a series comes from.
enum class SeriesOrigin : std::uint8_t {
  kSent,      ///< A sender's: all rules hold.
  kMadeHere,  ///< Made of what was sent, as a rule's result is: in no schema, but nothing private either.
};

/// A series as it is judged; views.
struct GuardedSeries {
  const std::vector<LabelView>& labels;  ///< Sorted, metric name included.
  std::string_view type;         ///< As remote write and expositions name it; empty when not declared.
  std::string_view type_before;  ///< What the metric was declared as before; empty when it was not.
  SeriesOrigin origin = SeriesOrigin::kSent;
};

/// What of a series has a budget in the schema.
struct SchemaBudgets {
  bool is_enforced = false;  ///< Not when it is only observed.
  std::vector<BudgetedValue> values;
  std::vector<std::uint32_t> own_labels;  ///< Places of the labels that the metric has besides its target's.
};

class Guard {
 public:
  /// `clock` and `metrics` outlive the guard. Errors: those of PiiScanner::Make.
  [[nodiscard]] static Result<std::unique_ptr<Guard>> Make(GuardOptions options, const Clock& clock,
                                                           MetricRegistry& metrics);
  ~Guard();

  /// Takes over other rules; verdicts from before are those of the rules from before. Errors: those of Make; then the rules
  /// stay as they are.
  [[nodiscard]] Status Replace(GuardOptions options) TICKSCOPE_EXCLUDES(mu_);
  /// Grows with each Replace.
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// Never kAuto.
  [[nodiscard]] GuardMode mode() const { return mode_.load(std::memory_order_relaxed); }

  /// Why the series is not let in; nothing when it is. In kObserve what would be refused is counted and let in.
  [[nodiscard]] std::optional<Rejection> Judge(const TenantId& tenant, const GuardedSeries& series);

  /// Counts and shows a series that is no text or too long (kTooLong, kBadUtf8), with labels as they came. Why it is refused;
  /// nothing unless the guard enforces: then whoever asks refuses it himself.
  [[nodiscard]] std::optional<Rejection> NoteMalformed(const TenantId& tenant,
                                                       const std::vector<LabelView>& labels,
                                                       RejectReason reason, std::string_view label);

  /// What of the sent series with these labels (sorted) has a budget; nothing without a schema. Who keeps LabelBudgets holds
  /// series to it.
  [[nodiscard]] SchemaBudgets BudgetsOf(const std::vector<LabelView>& labels) const;
  /// Counts and shows a series of a value over its budget: that of the label, or of all when it is empty.
  void NoteOverBudget(const TenantId& tenant, const std::vector<LabelView>& labels, std::string_view label);

  /// Whether an exemplar with these labels may be kept.
  [[nodiscard]] bool AdmitsExemplar(const Labels& labels);

  /// Whether metadata of a metric, which may come without its series, may be kept.
  [[nodiscard]] bool AdmitsMetadata(std::string_view metric) const;

  /// The help text without private data; in kObserve as it is, but counted.
  [[nodiscard]] std::string CleanHelp(std::string help);

  [[nodiscard]] const RejectRing& rejects() const { return rejects_; }

 private:
  struct Allowlist;
  struct Rules;
  struct Finding {
    RejectReason reason = RejectReason::kPii;
    std::string owner;
    std::string_view label;
    std::optional<PiiKind> kind;
  };

  Guard(std::shared_ptr<const Rules> rules, const Clock& clock, MetricRegistry& metrics);

  [[nodiscard]] static Result<std::shared_ptr<const Rules>> Compile(const GuardOptions& options);
  [[nodiscard]] std::shared_ptr<const Rules> Current() const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] static std::optional<Finding> FindFault(const Rules& rules, const GuardedSeries& series);
  void Note(const Rules& rules, const TenantId& tenant, const std::vector<LabelView>& labels,
            const Finding& finding, std::string* message);
  void Count(RejectReason reason, std::string_view owner) TICKSCOPE_EXCLUDES(mu_);

  const Clock& clock_;
  MetricRegistry& metrics_;
  Counter* const dropped_exemplars_;
  Counter* const cleaned_help_;
  Counter* const judged_;
  RejectRing rejects_;
  std::atomic<GuardMode> mode_;
  std::atomic<std::uint64_t> generation_{1};
  mutable Mutex mu_;
  std::shared_ptr<const Rules> rules_ TICKSCOPE_GUARDED_BY(mu_);
  // By reason and owner, made when first needed: most never are.
  std::map<std::pair<RejectReason, std::string>, Counter*> counters_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::guard
