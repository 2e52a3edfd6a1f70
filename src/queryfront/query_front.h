// QueryFront: the way every query goes, between who asks (API, rules, live tail) and the engine.
//
//   parse -> result cache -> equal query in flight? -> estimate -> refuse? -> budget -> wait for a slot -> evaluate
//     |          |                   |                    |                                  |             |
//    400        hit            wait for its answer       429                             429, 503      keep what is settled
//
// Whatever is refused is refused before a sample is read. What runs can be listed, and ended by its number. Answers are the
// engine's, bit for bit, whether steps of them came from the cache or not.
//
// Threads   Thread-safe. Run blocks its caller while the query waits and runs; the caller's thread evaluates it.
// Metrics   tickscope_query_seconds{class}, tickscope_query_cache_requests_total{class,outcome}, those of Admission and
//           ResultCache
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "model/query_cost.h"
#include "model/queryable.h"
#include "promql/engine.h"
#include "queryfront/admission.h"
#include "queryfront/query_request.h"
#include "queryfront/result_cache.h"
#include "queryfront/running_queries.h"
#include "queryfront/selection_notes.h"
#include "queryfront/single_flight.h"
#include "queryfront/user_budgets.h"

namespace tickscope::queryfront {

/// How much one query, and one user in an hour, may ask for. 0 means without limit.
struct QueryLimits {
  std::uint64_t warn_bytes = 8ULL << 30;     ///< Estimate from which an answer carries a warning.
  std::uint64_t refuse_bytes = 40ULL << 30;  ///< Estimate from which there is no answer.
  std::uint64_t user_samples_per_hour = 0;   ///< Read and made, for each user of the tenant.
  friend bool operator==(const QueryLimits&, const QueryLimits&) = default;
};

/// How much one query of a class may ask for, where that is less than its tenant's limit. 0 leaves that as it is.
struct ClassLimits {
  std::uint64_t warn_bytes = 0;
  std::uint64_t refuse_bytes = 0;
  friend bool operator==(const ClassLimits&, const ClassLimits&) = default;
};

struct QueryFrontOptions {
  AdmissionOptions admission;
  QueryLimits limits;
  std::array<ClassLimits, kQueryClasses.size()> classes;  ///< By ToIndex.
  std::map<TenantId, QueryLimits> tenants;                ///< Those with limits of their own.
  std::uint64_t users_max = 10'000;  ///< Whose budgets are known; the longest unseen is forgotten.
  SourceResolution resolution = SourceResolution::kRaw;  ///< Of queries that do not say.
  std::int64_t slow_log_ms = 5'000;                      ///< Queries that take longer are logged; 0 for none.
};

/// Everything outlives the front.
struct QueryFrontDependencies {
  const Queryable& storage;
  const promql::EngineOptions& engine;
  const Clock& clock;
  MetricRegistry& metrics;
  const CostSource* costs = nullptr;   ///< Null: every query counts as free.
  const ReadPlanner* reads = nullptr;  ///< Null: plans do not say from what is read.
  ResultCache* cache = nullptr;        ///< Null: every query is evaluated.
  SelectionNotes* notes = nullptr;     ///< Null: nobody wants to know what is selected.
};

class QueryFront {
 public:
  QueryFront(const QueryFrontDependencies& dependencies, QueryFrontOptions options);
  ~QueryFront();
  QueryFront(const QueryFront&) = delete;
  QueryFront& operator=(const QueryFront&) = delete;

  /// Answers a query, or says why not and when to come again. `context` ends it: by its deadline, by Cancel, or when the
  /// query is killed. Errors: the engine's; kRateLimited for a query over a limit or budget; kUnavailable for one that was sent
  /// away because too much waits.
  [[nodiscard]] QueryOutcome Run(const QueryRequest& request, QueryContext& context);

  /// The plan of a query; with kAnalyze it runs as any other would, but not from the cache, and the plan says what each node
  /// did. Errors: as Run.
  enum class ExplainMode : std::uint8_t { kPlan, kAnalyze };
  [[nodiscard]] ExplainOutcome Explain(const QueryRequest& request, ExplainMode mode, QueryContext& context);

  /// From now on these limits hold, of `options` its `limits`, `classes` and `tenants`; what runs or waits goes on as it was admitted.
  void SetLimits(const QueryFrontOptions& options) TICKSCOPE_EXCLUDES(limits_mu_);

  /// What a query would cost. Errors: kInvalidArgument with position when it does not parse.
  [[nodiscard]] Result<QueryCost> Estimate(const QueryRequest& request, const QueryContext& context) const;

  [[nodiscard]] RunningQueries& running() { return running_; }
  [[nodiscard]] const QueryFrontOptions& options() const { return options_; }

 private:
  struct Query;
  struct ClassMetrics {
    HistogramMetric* seconds = nullptr;
    Counter* over_limit = nullptr;
    Counter* over_budget = nullptr;
    std::array<Counter*, 4> outcomes{};  // By CacheOutcome.
  };

  [[nodiscard]] QueryLimits LimitsOf(const TenantId& tenant) const TICKSCOPE_EXCLUDES(limits_mu_);
  /// With those of the class, where they are lower.
  [[nodiscard]] QueryLimits LimitsOf(const QueryIdentity& who) const TICKSCOPE_EXCLUDES(limits_mu_);
  [[nodiscard]] Query NewQuery(const QueryRequest& request, RunningQueries::Listing& listing,
                               QueryContext& context) const;
  // Reads the text. Errors: kInvalidArgument.
  [[nodiscard]] Status Parse(Query& query) const;
  // Tells what it selects, once it is parsed.
  void NoteSelections(const Query& query) const;
  // Gives back what was not used, and says so when it was killed.
  void Settle(const Query& query, QueryFailure* failure);
  [[nodiscard]] std::int64_t ResolutionOf(const QueryRequest& request) const;
  [[nodiscard]] promql::EngineOptions EngineOptionsOf(const QueryRequest& request) const;
  // What the request's selectors are read from.
  [[nodiscard]] std::vector<ReadSpan> SpansOf(const Query& query) const;
  void FindKept(const Query& query, ExplainAnswer& answer);
  // One line, for logs.
  [[nodiscard]] std::string PlanLineOf(const QueryRequest& request) const;
  [[nodiscard]] QueryOutcome Answer(Query& query);
  // Puts the answer together from what is kept and what the engine says of the rest.
  [[nodiscard]] QueryOutcome AnswerFromCache(Query& query);
  // Waits until the query may run; an answer without a result yet. `parts` are what the engine will be asked.
  [[nodiscard]] QueryOutcome Admit(Query& query, const std::vector<QueryRequest>& parts);
  [[nodiscard]] Result<QueryCost> EstimateParts(const Query& query, const std::vector<QueryRequest>& parts,
                                                std::uint64_t enough_bytes) const;
  [[nodiscard]] Result<promql::QueryResult> Evaluate(const Query& query, const QueryRequest& part) const;
  // Nothing for a query of which nothing can be kept.
  [[nodiscard]] std::optional<ResultCache::Key> KeyOf(const Query& query) const;
  // Counts, and writes to the log what was slow.
  void Note(const Query& query, const QueryOutcome& outcome);

  const QueryFrontDependencies deps_;
  const QueryFrontOptions options_;  // But for limits, which change.
  mutable Mutex limits_mu_;
  QueryLimits limits_ TICKSCOPE_GUARDED_BY(limits_mu_);
  std::map<TenantId, QueryLimits> tenants_ TICKSCOPE_GUARDED_BY(limits_mu_);
  std::array<ClassLimits, kQueryClasses.size()> classes_ TICKSCOPE_GUARDED_BY(limits_mu_);
  Admission admission_;
  RunningQueries running_;
  UserBudgets budgets_;
  SingleFlight flights_;
  std::array<ClassMetrics, kQueryClasses.size()> class_metrics_;
};

}  // namespace tickscope::queryfront
