// QueryPool: threads that take up queries as they arrive, fairly, before anything is known of what they cost.
//
// A thread stays with its query while that waits for a slot (queryfront/admission.h), so there are many more threads than
// slots; those that wait take no time. Of one user only some are taken up at once, so that the others' queries are looked at,
// and answered from the cache or refused, however many of his wait.
//
// Threads   Submit is thread-safe. Destruction finishes what was taken in, then joins.
// Bounds    Those of FairQueue.
// Metrics   tickscope_query_arrivals_waiting, tickscope_query_arrivals_refused_total
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/worker_pool.h"
#include "queryfront/fair_queue.h"
#include "queryfront/query_request.h"

namespace tickscope::queryfront {

struct QueryPoolOptions {
  std::uint64_t threads = 32;
  std::uint64_t user_threads_max = 16;  ///< Of one user's queries at once.
  // A room of 200 people behind one proxy opens its dashboards with some thousand questions.
  FairQueueLimits waiting{.items_max = 8192, .tenant_items_max = 6144, .user_items_max = 4096};
};

class QueryPool {
 public:
  using Task = std::move_only_function<void()>;

  /// The metrics outlive this.
  QueryPool(MetricRegistry& metrics, QueryPoolOptions options);
  ~QueryPool();
  QueryPool(const QueryPool&) = delete;
  QueryPool& operator=(const QueryPool&) = delete;

  /// Runs the task on a thread of the pool when it is its turn. Errors: kRateLimited when the user or tenant has too many
  /// waiting, kUnavailable when all have, or while stopping; the task is untouched then.
  [[nodiscard]] Status Submit(const QueryIdentity& identity, Task&& task) TICKSCOPE_EXCLUDES(mu_);

  /// Takes no more, runs what waits, joins. Idempotent; call from outside the pool.
  void Stop() TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Arrival {
    std::pair<TenantId, std::string> user;
    Task task;
  };
  void Work() TICKSCOPE_EXCLUDES(mu_);

  const QueryPoolOptions options_;
  Gauge* waiting_gauge_;
  Counter* refused_;
  Mutex mu_;
  CondVar changed_;
  FairQueue<Arrival> waiting_ TICKSCOPE_GUARDED_BY(mu_);
  std::map<std::pair<TenantId, std::string>, std::uint64_t> taken_up_ TICKSCOPE_GUARDED_BY(mu_);
  bool stopping_ TICKSCOPE_GUARDED_BY(mu_) = false;
  WorkerPool threads_;  // Each has one endless task.
};

}  // namespace tickscope::queryfront
