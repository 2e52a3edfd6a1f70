// The PromQL engine: text and a time in, a value and annotations out.
//
// The engine sees storage only as a Queryable. A query's memory is bounded by EngineOptions::samples_max; it ends
// early when its QueryContext says so.
// Threads   Immutable after construction; any number of queries at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/queryable.h"
#include "model/read_span.h"

namespace tickscope::promql {

struct EngineOptions {
  std::int64_t lookback_ms = 300'000;  ///< How old the newest sample of an instant selector may be.
  std::int64_t default_subquery_step_ms = 60'000;
  std::uint64_t samples_max = 50'000'000;       ///< Samples a query may hold at once.
  std::uint64_t memory_bytes_max = 2ULL << 30;  ///< Memory a query may take, its result included.
  bool experimental_functions = true;
  bool fill_modifiers = true;         ///< Accept fill(), fill_left() and fill_right() on operators.
  bool delayed_name_removal = false;  ///< Drop __name__ at the end of evaluation instead of at once.
  bool unquoted_utf8_names = false;   ///< Accept a.b{c.d="x"} without quotes.
  bool use_start_timestamps = false;  ///< Let rate and friends see resets by start timestamps.
  bool pushes_down = true;            ///< Add up columns where the storage has them; else series by series.
  std::uint32_t threads = 0;          ///< Most threads of one query; 0 for one a core.
  bool type_and_unit_labels = false;  ///< Treat __type__ and __unit__ as part of a metric's identity.
  bool shares_subexpressions = true;  ///< Evaluate equal parts of a query once.
  bool uses_windows = true;  ///< Tell storage what is made of samples, so that it may answer from windows.
  std::int64_t source_resolution_max_ms =
      0;  ///< Coarsest windows that may give answers that are near; 0 for none.
};

/// One value at one time: a float, or a histogram when `histogram` is set.
struct Point {
  TimeMs time_ms = 0;
  double value = 0;
  HistogramPtr histogram;
};

struct VectorElement {
  Labels labels;
  Point point;
};
struct MatrixSeries {
  Labels labels;
  std::vector<Point> points;  ///< Ascending in time.
};

struct Scalar {
  TimeMs time_ms = 0;
  double value = 0;
};
struct String {
  TimeMs time_ms = 0;
  std::string value;
};
using Vector = std::vector<VectorElement>;
using Matrix = std::vector<MatrixSeries>;  ///< Sorted by labels.
using Value = std::variant<Scalar, String, Vector, Matrix>;

struct QueryStats {
  std::uint64_t samples_read = 0;  ///< Samples taken from storage.
  std::uint64_t samples_peak = 0;  ///< Most samples held at once.
  std::uint64_t series_read = 0;
  std::uint64_t shared_results =
      0;  ///< Values that were taken from an equal part of the query. What is shared is read once.
  std::vector<ReadSpan>
      spans;  ///< From what it was read, by selectors; "raw" where storage told nothing else.
};

struct QueryResult {
  Value value;
  std::vector<std::string> warnings;  ///< "PromQL warning: ... (line:col)", unique.
  std::vector<std::string> infos;
  QueryStats stats;
};

struct Plan;
struct PlanSources;

class Engine {
 public:
  explicit Engine(EngineOptions options) : options_(options) {}

  /// Evaluates at one time.
  /// Errors: kInvalidArgument with "line:col: parse error: ..." when the text is not PromQL; kFailedPrecondition when
  /// evaluation fails on the data (HTTP 422); kResourceExhausted over samples_max or memory_bytes_max; what `context` says.
  [[nodiscard]] Result<QueryResult> Instant(const Queryable& storage, const TenantId& tenant,
                                            std::string_view query, TimeMs time_ms,
                                            const QueryContext& context) const;
  /// Evaluates at start, start + step, ... up to end; the value is a Matrix. Requires step_ms > 0, end_ms >= start_ms.
  [[nodiscard]] Result<QueryResult> Range(const Queryable& storage, const TenantId& tenant,
                                          std::string_view query, TimeMs start_ms, TimeMs end_ms,
                                          std::int64_t step_ms, const QueryContext& context) const;

  /// The plan of a query at start, start + step, ... up to end; at start alone when step_ms is 0. Requires: as Range.
  /// Errors: kInvalidArgument as Instant and Range have it; what `context` says.
  [[nodiscard]] Result<Plan> Explain(const Queryable& storage, const PlanSources& sources,
                                     const TenantId& tenant, std::string_view query, TimeMs start_ms,
                                     TimeMs end_ms, std::int64_t step_ms, const QueryContext& context) const;
  /// Evaluates a planned query and adds to each node of the plan what it did. Errors: as Instant and Range.
  [[nodiscard]] Result<QueryResult> Analyze(const Queryable& storage, const TenantId& tenant, Plan& plan,
                                            const Clock& clock, const QueryContext& context) const;

  [[nodiscard]] const EngineOptions& options() const { return options_; }

 private:
  EngineOptions options_;
};

/// Parses a lone series selector such as `up{job="a"}`, as match[] parameters carry it.
/// Errors: kInvalidArgument with position.
[[nodiscard]] Result<std::vector<Matcher>> ParseSeriesSelector(std::string_view text,
                                                               const EngineOptions& options);

}  // namespace tickscope::promql
