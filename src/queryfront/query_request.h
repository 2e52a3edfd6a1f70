// What is asked of the query front, and what it gives.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/tenant.h"
#include "promql/engine.h"
#include "promql/plan.h"
#include "queryfront/admission.h"
#include "queryfront/query_class.h"
#include "queryfront/source_resolution.h"

namespace tickscope::queryfront {

/// Longest user name that is told apart; of longer ones the front counts.
inline constexpr std::size_t kUserBytesMax = 128;

/// Whom a query is counted for.
struct QueryIdentity {
  TenantId tenant{kDefaultTenant};
  std::string user;  ///< At most kUserBytesMax; empty when nobody said.
  QueryClass query_class = QueryClass::kAdHoc;
};

/// One query. With step_ms 0 it is an instant query at start_ms.
struct QueryRequest {
  QueryIdentity identity;
  std::string text;
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;  ///< Inclusive, no earlier than start_ms; ignored by an instant query.
  std::int64_t step_ms = 0;
  std::int64_t lookback_ms = 0;  ///< 0 for the engine's.
  bool may_use_cache = true;
  std::optional<SourceResolution> resolution;  ///< Nothing: as configured.

  [[nodiscard]] bool is_range() const { return step_ms > 0; }
};

/// What a query is thought to cost, before it runs.
struct QueryCost {
  std::uint64_t series = 0;   ///< Of all selectors together.
  std::uint64_t samples = 0;  ///< Read from storage.
  std::uint64_t cells = 0;    ///< Series times steps, those of subqueries included.
  std::uint64_t stored_bytes = 0;

  /// Bytes of samples and cells once they are unpacked: what limits are about.
  [[nodiscard]] std::uint64_t bytes() const { return (samples + cells) * kUnpackedBytes; }

  static constexpr std::uint64_t kUnpackedBytes = 16;  ///< A time and a value.
};

enum class CacheOutcome : std::uint8_t {
  kBypass,   ///< Nothing that could be kept.
  kMiss,     ///< Evaluated as a whole.
  kPartial,  ///< Some steps were kept, the others evaluated.
  kHit,      ///< Nothing was evaluated, or an equal query in flight was.
};
/// "bypass", "miss", "partial", "hit".
[[nodiscard]] std::string_view CacheOutcomeName(CacheOutcome outcome);

struct QueryAnswer {
  std::shared_ptr<const promql::QueryResult> result;  ///< Never null; others may read it too.
  std::vector<std::string> warnings;                  ///< The front's own, beside the result's.
  CacheOutcome cache = CacheOutcome::kBypass;
  QueryCost estimate;
  std::vector<ReadSpan>
      spans;             ///< From what it is: what was read, and for steps that were kept, what would be now.
  std::uint64_t id = 0;  ///< As the list of running queries had it.
  std::chrono::nanoseconds queued{0};
  Admission::Slot slot;  ///< Kept while the answer is written, so that writing counts as running.
};

/// What the plan of a query is, and when it ran, what came of it.
struct ExplainAnswer {
  promql::Plan plan;
  QueryCost estimate;
  std::uint64_t steps = 0;
  std::uint64_t kept_steps =
      0;  ///< Of these, what the result cache has; a run to be looked at evaluates all the same.
  bool may_be_kept = false;                           ///< Whether its steps could be.
  std::shared_ptr<const promql::QueryResult> result;  ///< Null when it was not run.
  std::vector<std::string> warnings;                  ///< The front's own.
  std::chrono::nanoseconds took{0};                   ///< Of the evaluation.
  std::chrono::nanoseconds queued{0};
  std::uint64_t id = 0;
  Admission::Slot slot;
};

/// Why there is no answer. With retry_after the same may be asked again then.
struct QueryFailure {
  Error error;
  std::chrono::seconds retry_after{0};
};
using QueryOutcome = std::expected<QueryAnswer, QueryFailure>;
using ExplainOutcome = std::expected<ExplainAnswer, QueryFailure>;

}  // namespace tickscope::queryfront
