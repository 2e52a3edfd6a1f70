#include "roles/cold_keeper.h"

#include <algorithm>
#include <functional>

#include "base/log.h"
#include "cold/publisher.h"
#include "plugin/columnar.h"

namespace tickscope::roles {
namespace {

// Between two looks for what may be swept: each lists all of a tenant's parts.
constexpr std::int64_t kSweepEveryMs = 600'000;

}  // namespace

std::vector<cold::ColdDelete> ColdDeletes(const std::vector<tier::Tombstone>& tombstones) {
  std::vector<cold::ColdDelete> deletes;
  for (const tier::Tombstone& one : tombstones)
    deletes.push_back({one.id, one.matchers, one.start_ms, one.end_ms});
  return deletes;
}

ColdKeeper::ColdKeeper(objstore::ObjectStore& objects, tier::Catalogue& catalogue, const Clock& clock,
                       MetricRegistry& metrics, ColdConfig config, const tier::TierOptions& tiers)
    : objects_(objects),
      catalogue_(catalogue),
      clock_(clock),
      config_(std::move(config)),
      retention_(tiers.retention),
      settle_ms_(tiers.merge.settle_ms),
      shard_(tiers.shard),
      shard_count_(tiers.shard_count),
      published_days_(metrics.AddCounter("tickscope_cold_published_days_total",
                                         "Days of tenants that were published, or published anew.", {})),
      rewritten_days_(metrics.AddCounter("tickscope_cold_rewritten_days_total",
                                         "Published days that deletes were carried out on.", {})),
      failures_(metrics.AddCounter("tickscope_cold_failures_total",
                                   "Days that could not be published or rewritten; tried again.", {})),
      publish_lag_(metrics.AddGauge("tickscope_cold_publish_lag_seconds",
                                    "How long the oldest day that is not published has been due.", {})) {}

bool ColdKeeper::IsOurs(const TenantId& tenant) const {
  return std::hash<std::string_view>()(tenant) % shard_count_ == shard_;
}

Result<bool> ColdKeeper::CarryOut(const TenantId& tenant, const std::vector<tier::Tombstone>& tombstones) {
  std::vector<cold::ColdDelete> deletes = ColdDeletes(tombstones);
  // A day that is published from now on is published without what they name.
  std::erase_if(deletes, [&](const auto& one) { return carried_out_.contains({tenant, one.id}); });
  if (deletes.empty()) return true;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, cold::ListManifests(objects_, tenant));
  bool is_done = true;
  for (const cold::ManifestEntry& entry : entries) {
    if (stopping_) return false;
    if (std::ranges::none_of(deletes, [&](const auto& one) { return one.Touches(entry.place.day); }))
      continue;
    TICKSCOPE_ASSIGN_OR_RETURN(const cold::ColdManifest manifest, cold::LoadManifest(objects_, entry));
    const std::vector<cold::ColdDelete> pending = cold::PendingDeletes(manifest, deletes);
    if (pending.empty()) continue;
    if (!IsOurs(tenant)) {
      is_done = false;
      continue;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const plugin::Columnar* const columnar, plugin::LoadColumnar());
    auto rewritten = cold::RewriteDay(objects_, *columnar, manifest, pending, clock_.NowMs(),
                                      [this] { return stopping_.load(); });
    if (!rewritten) {
      if (rewritten.error().code != ErrorCode::kCancelled) failures_->Add();
      return FailWith("cold: a delete is not carried out on " + cold::DayText(manifest.day),
                      std::move(rewritten).error());
    }
    rewritten_days_->Add();
    to_sweep_.insert(tenant);
    next_sweep_ms_ = INT64_MIN;
    Log(LogLevel::kInfo, "deletes carried out on a published day",
        {{"tenant", tenant},
         {"day", cold::DayText(manifest.day)},
         {"rows", rewritten->rows_dropped + rewritten->rows_changed},
         {"parts", rewritten->parts_rewritten}});
  }
  if (is_done) {
    for (const cold::ColdDelete& one : deletes)
      carried_out_.insert({tenant, one.id});
  }
  return is_done;
}

void ColdKeeper::Turn() {
  const TimeMs now_ms = clock_.NowMs();
  if (config_.publish_every_ms > 0 && now_ms >= next_publish_ms_ && catalogue_.is_known()) {
    next_publish_ms_ = now_ms + config_.publish_every_ms;
    TimeMs oldest_ms = INT64_MAX;
    for (const TenantId& tenant : catalogue_.Tenants()) {
      if (stopping_) return;
      if (IsOurs(tenant)) oldest_ms = std::min(oldest_ms, PublishTenant(tenant, now_ms));
    }
    const std::int64_t lag_ms = oldest_ms == INT64_MAX ? 0 : now_ms - oldest_ms - settle_ms_;
    publish_lag_->Set(static_cast<double>(std::max<std::int64_t>(0, lag_ms)) / 1000);
  }
  if (!to_sweep_.empty() && now_ms >= next_sweep_ms_) Sweep(now_ms);
}

TimeMs ColdKeeper::PublishTenant(const TenantId& tenant, TimeMs now_ms) {
  const tier::TenantTiersPtr tiers = catalogue_.Tenant(tenant);
  const std::vector<tier::ListedBlock>& blocks = tiers->of(tier::Tier::kRaw).live;
  if (blocks.empty()) return INT64_MAX;
  const tier::RetentionPolicy& policy = retention_.For(tenant);
  std::int64_t keep_ms = policy.keep_ms[0];
  for (const tier::RetentionRule& rule : policy.rules)
    keep_ms = std::min(keep_ms, rule.keep_ms[0]);
  TimeMs first_ms = INT64_MAX;
  TimeMs last_ms = INT64_MIN;
  for (const tier::ListedBlock& block : blocks) {
    first_ms = std::min(first_ms, block.name.from_ms);
    last_ms = std::max(last_ms, block.name.until_ms - 1);
  }
  TimeMs oldest_ms = INT64_MAX;
  const cold::Day last = cold::DayOf(std::min(last_ms, now_ms - settle_ms_));
  // The hours before a day give the steps into its first windows.
  const TimeMs whole_from_ms = now_ms - keep_ms + cold::kDayMs / 12;
  for (cold::Day day = cold::DayOf(std::max(first_ms, now_ms - keep_ms)); day <= last;
       day = cold::NextDay(day)) {
    const TimeMs end_ms = cold::StartOf(cold::NextDay(day));
    if (stopping_) return oldest_ms;
    if (cold::StartOf(day) < whole_from_ms || end_ms + settle_ms_ > now_ms) continue;
    const Status published = PublishOne(tenant, *tiers, day);
    if (published) continue;
    oldest_ms = std::min(oldest_ms, end_ms);
    if (published.error().code == ErrorCode::kCancelled) return oldest_ms;
    failures_->Add();
    Log(LogLevel::kWarn, "a day is not published, and is tried again",
        {{"tenant", tenant}, {"day", cold::DayText(day)}, {"error", published.error().message}});
  }
  return oldest_ms;
}

Status ColdKeeper::PublishOne(const TenantId& tenant, const tier::TenantTiers& tiers, cold::Day day) {
  const TimeMs from_ms = cold::StartOf(day) - cold::kDayMs / 12;
  const TimeMs until_ms = cold::StartOf(cold::NextDay(day));
  std::vector<const tier::ListedBlock*> listed;
  std::vector<std::string> from;
  for (const tier::ListedBlock& block : tiers.of(tier::Tier::kRaw).live) {
    if (!block.name.Overlaps(from_ms, until_ms)) continue;
    listed.push_back(&block);
    from.push_back(block.file);
  }
  cold::PublishOptions options{.promoted = config_.promoted, .checks_parts = false, .is_cancelled = [this] {
                                 return stopping_.load();
                               }};
  for (cold::ColdDelete& one : ColdDeletes(tiers.tombstones)) {
    if (one.start_ms > until_ms || one.end_ms < from_ms) continue;
    from.push_back(one.Mark());
    options.deletes.push_back(std::move(one));
  }
  std::vector<std::string>& known = published_from_[{tenant, day}];
  if (known == from) return {};
  cold::DayReader::Blocks blocks;
  for (const tier::ListedBlock* const block : listed) {
    TICKSCOPE_ASSIGN_OR_RETURN(tier::BlockPtr opened, catalogue_.Open(tier::Tier::kRaw, tenant, *block));
    blocks.push_back(std::move(opened));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const plugin::Columnar* const columnar, plugin::LoadColumnar());
  TICKSCOPE_ASSIGN_OR_RETURN(
      const cold::PublishReport report,
      cold::PublishDay(objects_, *columnar, blocks, tenant, day, clock_.NowMs(), options));
  known = std::move(from);
  using Outcome = cold::PublishReport::Outcome;
  if (report.outcome != Outcome::kPublished && report.outcome != Outcome::kReplaced) return {};
  published_days_->Add();
  if (report.outcome == Outcome::kReplaced) to_sweep_.insert(tenant);
  Log(LogLevel::kInfo, "day published",
      {{"tenant", tenant},
       {"day", cold::DayText(day)},
       {"revision", std::uint64_t{report.manifest.revision}},
       {"parts", report.manifest.parts.size()}});
  return {};
}

void ColdKeeper::Sweep(TimeMs now_ms) {
  next_sweep_ms_ = now_ms + std::min(kSweepEveryMs, std::max<std::int64_t>(config_.grace_ms, 1'000));
  for (auto tenant = to_sweep_.begin(); tenant != to_sweep_.end();) {
    const auto swept = cold::SweepTenant(objects_, *tenant, now_ms, config_.grace_ms);
    if (!swept) {
      Log(LogLevel::kWarn, "replaced files of the cold tier are not swept, and are tried again",
          {{"tenant", *tenant}, {"error", swept.error().message}});
      return;
    }
    tenant = swept->kept_for_grace == 0 ? to_sweep_.erase(tenant) : std::next(tenant);
  }
}

}  // namespace tickscope::roles
