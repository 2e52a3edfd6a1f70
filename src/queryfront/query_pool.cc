#include "queryfront/query_pool.h"

#include <fmt/format.h>

#include "base/check.h"

namespace tickscope::queryfront {

QueryPool::QueryPool(MetricRegistry& metrics, QueryPoolOptions options)
    : options_(options),
      waiting_gauge_(metrics.AddGauge("tickscope_query_arrivals_waiting",
                                      "Queries that arrived and were not looked at yet.", {})),
      refused_(metrics.AddCounter("tickscope_query_arrivals_refused_total",
                                  "Queries refused on arrival because too many wait.", {})),
      waiting_(options.waiting),
      threads_(options.threads, options.threads) {
  for (std::uint64_t i = 0; i < options_.threads; ++i)
    TICKSCOPE_CHECK(threads_.Submit([this] { Work(); }));
}

QueryPool::~QueryPool() {
  Stop();
}

Status QueryPool::Submit(const QueryIdentity& identity, Task&& task) {
  const MutexLock lock(mu_);
  if (stopping_) return Fail(ErrorCode::kUnavailable, "draining: the process is about to end");
  const auto full = waiting_.Push(identity.query_class, identity.tenant, identity.user,
                                  Arrival{{identity.tenant, identity.user}, std::move(task)});
  if (!full) {
    waiting_gauge_->Set(static_cast<double>(waiting_.size()));
    changed_.NotifyOne();
    return {};
  }
  refused_->Add();
  if (*full == QueueFull::kAll)
    return Fail(ErrorCode::kUnavailable, "too many requests are waiting for a query worker");
  return Fail(ErrorCode::kRateLimited,
              fmt::format("too many requests of this {} are waiting for a query worker",
                          *full == QueueFull::kUser ? "user" : "tenant"));
}

void QueryPool::Stop() {
  {
    const MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  threads_.Stop();
}

void QueryPool::Work() {
  while (true) {
    std::optional<Arrival> arrival;
    {
      const MutexLock lock(mu_);
      while (true) {
        arrival = waiting_.PopIf([&](const TenantId& tenant, const std::string& user) {
          const auto found = taken_up_.find({tenant, user});
          return found == taken_up_.end() || found->second < options_.user_threads_max;
        });
        if (arrival || (stopping_ && waiting_.size() == 0)) break;
        changed_.Wait(mu_);
      }
      if (!arrival) return;
      ++taken_up_[arrival->user];
      waiting_gauge_->Set(static_cast<double>(waiting_.size()));
    }
    arrival->task();
    arrival->task = nullptr;  // What it holds goes before the thread counts as free.
    {
      const MutexLock lock(mu_);
      const auto found = taken_up_.find(arrival->user);
      if (--found->second == 0) taken_up_.erase(found);
    }
    // This user's next may be taken up now, and at the end all are to leave.
    changed_.NotifyAll();
  }
}

}  // namespace tickscope::queryfront
