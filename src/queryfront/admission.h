// Admission: how many queries run at once, who is next, and who is sent away when the wait grows.
//
// A query that wants to run waits in the queue of its user, within its tenant, within its class. When a slot is free the
// classes take turns by weight, in a class its tenants, in a tenant its users: whoever sends a thousand queries waits for
// his own. When the oldest has waited longer than the target for a whole interval, as CoDel has it, the costliest query of
// the least important class is sent away, and then more and more of them, until the wait is short again.
//
// Invariants   A1 at most slots_max slots are out.
//              A2 queries of alert rules are never sent away for others; they can be refused by a full queue alone.
// Threads      Thread-safe. Wait blocks its caller.
// Bounds       waiting_max in all, tenant_waiting_max a tenant, user_waiting_max a user.
// Metrics      tickscope_query_running, tickscope_query_waiting, tickscope_query_admitted_total{class},
//              tickscope_query_refused_total{class,reason}, tickscope_query_wait_seconds{class}
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "model/queryable.h"
#include "queryfront/fair_queue.h"
#include "queryfront/query_class.h"

namespace tickscope::queryfront {

struct AdmissionOptions {
  std::uint64_t slots_max = 2;
  std::uint64_t waiting_max = 256;
  std::uint64_t tenant_waiting_max = 128;
  std::uint64_t user_waiting_max = 32;
  std::chrono::milliseconds target{1'000};  ///< Wait that is fine.
  /// How long it may be longer before queries are sent away. A room that opens its dashboards on a cold server needs some seconds.
  std::chrono::milliseconds interval{8'000};
};

class Admission {
 public:
  /// The right to run; given back by destruction. Empty when default-made.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(admission_, other.admission_);
      return *this;
    }
    ~Slot() {
      if (admission_ != nullptr) admission_->Release();
    }

   private:
    friend class Admission;
    explicit Slot(Admission& admission) : admission_(&admission) {}
    Admission* admission_ = nullptr;
  };

  /// Clock and metrics outlive this, this outlives its slots.
  Admission(const Clock& clock, MetricRegistry& metrics, AdmissionOptions options);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// What is asked for.
  struct Ask {
    QueryClass query_class = QueryClass::kAdHoc;
    std::string tenant;
    std::string user;
    std::uint64_t cost = 0;  ///< In bytes; of what is sent away the largest goes first.
  };
  /// Waits for a slot. Errors: kRateLimited when the user's or tenant's part of the queue is full, kUnavailable when all of it
  /// is, or when the query was sent away; what `context` says.
  [[nodiscard]] Result<Slot> Wait(const Ask& ask, const QueryContext& context) TICKSCOPE_EXCLUDES(mu_);

  /// Sends one away if it is time to. Those who wait do this too, every now and then.
  void Look() TICKSCOPE_EXCLUDES(mu_);
  /// Seconds after which one who was sent away may come again.
  [[nodiscard]] std::chrono::seconds RetryAfter() const TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Waiter;
  void Release() TICKSCOPE_EXCLUDES(mu_);
  // Gives free slots to who is next.
  void Dispatch(std::chrono::nanoseconds now) TICKSCOPE_REQUIRES(mu_);
  // Sends one away when it is time to.
  void ShedWhenDue(std::chrono::nanoseconds now) TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] std::chrono::nanoseconds OldestWait(std::chrono::nanoseconds now) const
      TICKSCOPE_REQUIRES(mu_);

  const Clock& clock_;
  const AdmissionOptions options_;
  Gauge* running_gauge_;
  Gauge* waiting_gauge_;
  std::array<Counter*, kQueryClasses.size()> admitted_{};
  std::array<Counter*, kQueryClasses.size()> refused_full_{};
  std::array<Counter*, kQueryClasses.size()> refused_shed_{};
  std::array<HistogramMetric*, kQueryClasses.size()> wait_seconds_{};

  mutable Mutex mu_;
  FairQueue<std::shared_ptr<Waiter>> waiting_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t running_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  // CoDel's state: since when the wait is too long, when the next one goes, and how many went.
  std::chrono::nanoseconds above_since_ TICKSCOPE_GUARDED_BY(mu_){0};
  std::chrono::nanoseconds next_shed_ TICKSCOPE_GUARDED_BY(mu_){0};
  std::uint64_t shed_count_ TICKSCOPE_GUARDED_BY(mu_) = 0;
};

}  // namespace tickscope::queryfront
