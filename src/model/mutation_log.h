// MutationLog: which stretches of the past have changed, for whoever keeps answers about it.
//
// Answers are kept only of times up to the *watermark*: a while before now, when everything ordinary has come. What changes the
// past after all is told here: a sample at or before the watermark, blocks that came or went, a delete. Each change is an
// interval of sample times with a number; numbers ascend. Who computes an answer takes a Mark first and keeps the answer with
// the mark's number. Before using it, he asks what changed since.
//
// After the watermark samples come all the time, but each moment's come to an end soon after it. For who keeps answers about the
// *strip* of one settling time before and one after the watermark, it is noted which applied record was the last to bring a
// sample of each fraction of it: what none has touched since a mark is as it was then.
//
// Invariants   N1 a change is told after readers can see it, so an answer computed after its number was given has it.
//              N2 the watermark never goes back; a sample that becomes visible later and is at or before it is a change.
//              N3 what Since names covers every change after that number. It may name more: near changes are told as one,
//                 and when a tenant has kChangesMax of them, the oldest unite.
//              N4 of times up to a mark's fresh_until_ms, Since its number and FreshSince it name together every change after
//                 the mark, until the watermark has moved by more than the settling time.
// Threads      Thread-safe.
// Memory       24 bytes a change, at most kChangesMax a tenant; 2 KB a tenant for the strip.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/tenant.h"

namespace tickscope {

class MutationLog {
 public:
  static constexpr std::size_t kChangesMax = 512;

  /// Sample times [min_ms, max_ms], inclusive.
  struct Change {
    std::uint64_t number = 0;
    TimeMs min_ms = 0;
    TimeMs max_ms = 0;
    friend bool operator==(const Change&, const Change&) = default;
  };

  /// `settle_ms` is how far the watermark is behind the time given to Now.
  explicit MutationLog(std::int64_t settle_ms);

  struct Mark {
    std::uint64_t number = 0;     ///< Of the last change told.
    TimeMs settled_until_ms = 0;  ///< The watermark, inclusive.
    std::uint64_t applied = 0;    ///< Records applied before.
    TimeMs fresh_until_ms = 0;    ///< The end of the strip, inclusive: the latest time that was given to Now.
  };
  /// Moves the watermark on. Take it before reading what is to be kept.
  [[nodiscard]] Mark Now(TimeMs now_ms) TICKSCOPE_EXCLUDES(mu_);

  /// The record at `offset` is applied: its samples are in [min_ms, max_ms] and visible. Empty when min_ms > max_ms.
  /// Offsets ascend; those before what Restore said are passed over.
  void Applied(const TenantId& tenant, std::uint64_t offset, TimeMs min_ms, TimeMs max_ms)
      TICKSCOPE_EXCLUDES(mu_);
  /// Something else changed what a reader of [min_ms, max_ms] sees.
  void Changed(const TenantId& tenant, TimeMs min_ms, TimeMs max_ms) TICKSCOPE_EXCLUDES(mu_);

  /// Changes with greater numbers, in order.
  [[nodiscard]] std::vector<Change> Since(const TenantId& tenant, std::uint64_t number) const
      TICKSCOPE_EXCLUDES(mu_);

  /// Stretches of the strip that records applied after the mark have touched, in order of time, without numbers. Nothing when
  /// the mark is older than the strip tells of: anything may have changed.
  [[nodiscard]] std::optional<std::vector<Change>> FreshSince(const TenantId& tenant, const Mark& mark)
      TICKSCOPE_EXCLUDES(mu_);

  /// Everything, to go on after a restart.
  struct State {
    std::uint64_t number = 0;
    TimeMs settled_until_ms = INT64_MIN;
    std::uint64_t end_offset = 0;  ///< Records before it are applied and told.
    std::map<TenantId, std::vector<Change>> changes;
    friend bool operator==(const State&, const State&) = default;
  };
  [[nodiscard]] State Save() const TICKSCOPE_EXCLUDES(mu_);
  /// Call before anything is told. Requires: every record from end_offset on will be told.
  void Restore(const State& state) TICKSCOPE_EXCLUDES(mu_);

 private:
  // A tenant's strip: by its fraction, modulo their number, the applied record that touched it last.
  struct Strip {
    std::int64_t end = 0;  // The fraction after the last that is in it.
    std::vector<std::uint64_t> last;
  };

  void Tell(const TenantId& tenant, TimeMs min_ms, TimeMs max_ms) TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] std::int64_t FractionOf(TimeMs time_ms) const;
  // The tenant's, moved on to where the watermark is.
  [[nodiscard]] Strip& StripOf(const TenantId& tenant) TICKSCOPE_REQUIRES(mu_);
  void Touch(const TenantId& tenant, TimeMs min_ms, TimeMs max_ms) TICKSCOPE_REQUIRES(mu_);

  const std::int64_t settle_ms_;
  const std::int64_t fraction_ms_;
  mutable Mutex mu_;
  std::uint64_t number_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  TimeMs settled_until_ms_ TICKSCOPE_GUARDED_BY(mu_) = INT64_MIN;
  std::uint64_t end_offset_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::uint64_t applied_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::map<TenantId, Strip> strips_ TICKSCOPE_GUARDED_BY(mu_);
  std::map<TenantId, std::deque<Change>> changes_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope
