// RunningQueries: every query that waits or runs, to be listed and ended.
//
// Threads   Thread-safe.
// Memory    The texts of those that run, each cut at kListedTextBytesMax.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/queryable.h"
#include "queryfront/query_request.h"

namespace tickscope::queryfront {

inline constexpr std::size_t kListedTextBytesMax = 1024;

enum class QueryState : std::uint8_t { kWaiting, kRunning };

/// A query as the list shows it.
struct RunningQuery {
  std::uint64_t id = 0;
  QueryIdentity identity;
  std::string text;
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::int64_t step_ms = 0;  ///< 0 for an instant query.
  QueryState state = QueryState::kWaiting;
  std::chrono::nanoseconds age{0};
  QueryCost estimate;
  std::uint64_t samples = 0;  ///< Read from storage so far.
};

class RunningQueries {
 public:
  /// The clock outlives this.
  explicit RunningQueries(const Clock& clock) : clock_(clock) {}

  /// Lists a query for as long as it lives. `context` and this outlive it.
  class Listing {
   public:
    Listing(RunningQueries& queries, const QueryRequest& request, QueryContext& context);
    ~Listing();
    Listing(const Listing&) = delete;
    Listing& operator=(const Listing&) = delete;

    [[nodiscard]] std::uint64_t id() const { return id_; }
    void SetEstimate(const QueryCost& estimate);
    void SetRunning();
    [[nodiscard]] bool was_killed() const;

   private:
    RunningQueries& queries_;
    const std::uint64_t id_;
  };

  /// Those of the tenant, oldest first; of all tenants when it is empty.
  [[nodiscard]] std::vector<RunningQuery> List(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);
  /// Ends a query of the tenant (of any when it is empty). Errors: kNotFound.
  [[nodiscard]] Status Kill(const TenantId& tenant, std::uint64_t id) TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Entry {
    RunningQuery query;
    std::chrono::nanoseconds began{0};
    QueryContext* context = nullptr;
    bool was_killed = false;
  };
  [[nodiscard]] std::uint64_t Add(const QueryRequest& request, QueryContext& context) TICKSCOPE_EXCLUDES(mu_);
  void Remove(std::uint64_t id) TICKSCOPE_EXCLUDES(mu_);

  const Clock& clock_;
  mutable Mutex mu_;
  std::uint64_t last_id_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::map<std::uint64_t, Entry> entries_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::queryfront
