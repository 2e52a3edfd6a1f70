#include "otlp/delta_sums.h"

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "codec/histogram_codec.h"
#include "model/histogram_arithmetic.h"

namespace tickscope::otlp {
namespace {

constexpr std::int64_t kNanosecondsPerMs = 1'000'000;

}  // namespace

DeltaSums::Key DeltaSums::KeyOf(const TenantId& tenant, const wire::SeriesKey& key) {
  // Keys are hashes of 128 bits, keyed by chance; a tenant's name moves them.
  const std::uint64_t salt = std::hash<std::string_view>{}(tenant) * 0x9e3779b97f4a7c15ULL;
  return {key.low ^ salt, key.high + salt};
}

bool DeltaSums::HasRoom() const {
  if (places_.size() < options_.series_max) return true;
  return !totals_.empty() && clock_.NowMs() - totals_.front().heard_ms >= options_.idle_ms;
}

DeltaSums::Total* DeltaSums::Make(const Key& key) {
  if (!HasRoom()) return nullptr;
  if (places_.size() >= options_.series_max) {
    places_.erase(totals_.front().key);
    totals_.pop_front();
  }
  Total& total = totals_.emplace_back();
  total.key = key;
  total.heard_ms = clock_.NowMs();
  places_.emplace(key, std::prev(totals_.end()));
  return &total;
}

DeltaSight DeltaSums::SightOf(const TenantId& tenant, const wire::SeriesKey& key) {
  const MutexLock lock(mu_);
  if (places_.contains(KeyOf(tenant, key))) return DeltaSight::kKnown;
  return HasRoom() ? DeltaSight::kNew : DeltaSight::kNoRoom;
}

void DeltaSums::Restore(const TenantId& tenant, const wire::SeriesKey& key, StoredTotal stored) {
  const MutexLock lock(mu_);
  const Key full = KeyOf(tenant, key);
  if (places_.contains(full)) return;
  Total* const total = Make(full);
  if (total == nullptr) return;
  total->time_ns = stored.time_ms * kNanosecondsPerMs;
  total->start_ms = stored.start_ms;
  total->is_stored = true;
  total->value = stored.value;
  total->count = stored.count;
  total->bounds = std::move(stored.bounds);
  total->counts = std::move(stored.counts);
  total->histogram = std::move(stored.histogram);
}

DeltaSums::Found DeltaSums::Find(const TenantId& tenant, const wire::SeriesKey& key,
                                 const DeltaTimes& times) {
  // Times past 2262 are negative here.
  const TimeMs most_ms = clock_.NowMs() + options_.future_max_ms;
  if (times.time_ns < 0 || times.time_ns / kNanosecondsPerMs > most_ms)
    return {nullptr, DeltaOutcome::kInFuture};
  const Key full = KeyOf(tenant, key);
  if (const auto place = places_.find(full); place != places_.end()) {
    totals_.splice(totals_.end(), totals_, place->second);
    Total& total = *place->second;
    total.heard_ms = clock_.NowMs();
    const bool is_again =
        times.time_ns == total.time_ns ||
        (total.is_stored && times.time_ns / kNanosecondsPerMs == total.time_ns / kNanosecondsPerMs);
    if (is_again) return {&total, DeltaOutcome::kTaken, true, false};
    const bool began_before = times.start_ms != 0 && total.start_ms != 0 && times.start_ms < total.start_ms;
    if (times.time_ns < total.time_ns || began_before) return {nullptr, DeltaOutcome::kOutOfOrder};
    return {&total};
  }
  Total* const total = Make(full);
  if (total == nullptr) return {nullptr, DeltaOutcome::kNoRoom};
  total->start_ms = times.start_ms;
  return {total, DeltaOutcome::kTaken, false, true};
}

void DeltaSums::Advance(const Found& found, DeltaTimes& times) {
  if (!found.is_again) {
    found.total->time_ns = times.time_ns;
    found.total->is_stored = false;
  }
  times.start_ms = found.total->start_ms;
}

DeltaOutcome DeltaSums::AddNumber(const TenantId& tenant, const wire::SeriesKey& key, DeltaTimes& times,
                                  double& value) {
  const MutexLock lock(mu_);
  const Found found = Find(tenant, key, times);
  if (found.total == nullptr) return found.outcome;
  if (!found.is_again) found.total->value += value;
  value = found.total->value;
  Advance(found, times);
  return DeltaOutcome::kTaken;
}

DeltaOutcome DeltaSums::AddBuckets(const TenantId& tenant, const wire::SeriesKey& key, DeltaTimes& times,
                                   const std::vector<double>& bounds, std::uint64_t& count, double& sum,
                                   std::vector<std::uint64_t>& counts) {
  const MutexLock lock(mu_);
  const Found found = Find(tenant, key, times);
  if (found.total == nullptr) return found.outcome;
  Total& total = *found.total;
  if (!found.is_again) {
    if (found.is_new || total.bounds != bounds || total.counts.size() != counts.size()) {
      total.bounds = bounds;
      total.counts.assign(counts.size(), 0);
      total.count = 0;
      total.value = 0;
      total.start_ms = times.start_ms;
    }
    total.count += count;
    total.value += sum;
    for (std::size_t i = 0; i < counts.size(); ++i)
      total.counts[i] += counts[i];
  }
  count = total.count;
  sum = total.value;
  counts = total.counts;
  Advance(found, times);
  return DeltaOutcome::kTaken;
}

DeltaOutcome DeltaSums::AddExponential(const TenantId& tenant, const wire::SeriesKey& key, DeltaTimes& times,
                                       Histogram& histogram) {
  const MutexLock lock(mu_);
  const Found found = Find(tenant, key, times);
  if (found.total == nullptr) return found.outcome;
  Total& total = *found.total;
  if (!found.is_again) {
    if (total.histogram == nullptr) {
      total.histogram = std::make_shared<const Histogram>(histogram);
    } else {
      CombineNotes notes;
      auto sum = std::make_shared<const Histogram>(AddHistograms(*total.histogram, histogram, notes));
      if (codec::ValidateHistogram(*sum)) {
        total.histogram = std::move(sum);
      } else {
        // More buckets than one may have: a new total.
        total.histogram = std::make_shared<const Histogram>(histogram);
        total.start_ms = times.start_ms;
      }
    }
  }
  if (total.histogram != nullptr) histogram = *total.histogram;
  Advance(found, times);
  return DeltaOutcome::kTaken;
}

void DeltaSums::Forget(const TenantId& tenant, const wire::SeriesKey& key) {
  const MutexLock lock(mu_);
  const auto place = places_.find(KeyOf(tenant, key));
  if (place == places_.end()) return;
  totals_.erase(place->second);
  places_.erase(place);
}

std::size_t DeltaSums::size() const {
  const MutexLock lock(mu_);
  return places_.size();
}

}  // namespace tickscope::otlp
