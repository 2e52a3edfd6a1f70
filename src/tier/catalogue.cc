#include "tier/catalogue.h"

#include <algorithm>
#include <functional>

#include "base/log.h"

namespace tickscope::tier {
namespace {

constexpr std::string_view kQuarantinedEnding = ".quarantined";
constexpr std::string_view kDeletesPrefix = "metrics/deletes/";
constexpr std::size_t kTombstoneBytesMax = 1U << 20;

std::string ObjectNameOf(Tier tier, const TenantId& tenant, const std::string& file) {
  return ObjectPrefix(tier, tenant) + file;
}

}  // namespace

Catalogue::Catalogue(objstore::ObjectStore& objects, OpenBlocks& blocks, MetricRegistry& metrics,
                     SelectorParser parse)
    : objects_(objects),
      blocks_(blocks),
      parse_(parse),
      refreshes_(metrics.AddCounter("tickscope_tier_refreshes_total", "Listings of the object store.", {})),
      failures_(metrics.AddCounter("tickscope_tier_refresh_failures_total",
                                   "Listings that failed; what was known is served.", {})),
      quarantined_blocks_(metrics.AddGauge("tickscope_tier_quarantined_blocks",
                                           "Damaged blocks put aside: what they held is not served.", {})),
      foreign_objects_(
          metrics.AddGauge("tickscope_tier_foreign_objects", "Objects among the blocks that are none.", {})) {
  for (const Tier tier : kTiers) {
    const MetricLabels labels = {{"tier", std::string(TierName(tier))}};
    block_count_[static_cast<std::size_t>(tier)] =
        metrics.AddGauge("tickscope_tier_blocks", "Blocks that count, in the object store.", labels);
    block_bytes_[static_cast<std::size_t>(tier)] =
        metrics.AddGauge("tickscope_tier_block_bytes", "Bytes of blocks that count.", labels);
  }
}

Status Catalogue::Refresh() {
  refreshes_->Add();
  Listing listing;
  std::uint64_t foreign = 0;
  Status listed = List(listing, foreign);
  auto tombstones = listed ? ListTombstones() : std::unexpected(listed.error());
  if (!tombstones) {
    failures_->Add();
    return std::unexpected(std::move(tombstones).error());
  }
  std::map<TenantId, TenantTiersPtr> version;
  std::array<std::uint64_t, kTiers.size()> counts{};
  std::array<std::uint64_t, kTiers.size()> bytes{};
  for (auto& [tenant, tiers] : listing) {
    auto found = std::make_shared<TenantTiers>();
    for (std::size_t i = 0; i < kTiers.size(); ++i) {
      found->tiers[i] = Resolve(std::move(tiers[i]));
      counts[i] += found->tiers[i].live.size();
      for (const ListedBlock& block : found->tiers[i].live)
        bytes[i] += block.bytes;
    }
    version[tenant] = std::move(found);
  }
  {
    const MutexLock lock(mu_);
    for (auto& [tenant, added] : new_tombstones_) {
      std::vector<Tombstone>& known = (*tombstones)[tenant];
      std::erase_if(added, [&](const Tombstone& one) {
        return std::ranges::find(known, one.id, &Tombstone::id) != known.end();
      });
      known.insert(known.end(), added.begin(), added.end());
    }
  }
  for (auto& [tenant, list] : *tombstones) {
    if (list.empty()) continue;
    auto with = std::make_shared<TenantTiers>(version.contains(tenant) ? *version[tenant] : TenantTiers());
    with->tombstones = std::move(list);
    version[tenant] = std::move(with);
  }
  for (std::size_t i = 0; i < kTiers.size(); ++i) {
    block_count_[i]->Set(static_cast<double>(counts[i]));
    block_bytes_[i]->Set(static_cast<double>(bytes[i]));
  }
  foreign_objects_->Set(static_cast<double>(foreign));
  const MutexLock lock(mu_);
  quarantined_blocks_->Set(static_cast<double>(quarantined_.size()));
  std::swap(version_, version);
  // Before the first listing nobody could rely on what there is.
  if (!is_known_.exchange(true)) return {};
  const TenantTiers none;
  for (const auto& [tenant, tiers] : version_) {
    const auto before = version.find(tenant);
    TellDifference(tenant, before == version.end() ? none : *before->second, *tiers);
  }
  for (const auto& [tenant, tiers] : version) {
    if (!version_.contains(tenant)) TellDifference(tenant, *tiers, none);
  }
  return {};
}

void Catalogue::TellDifference(const TenantId& tenant, const TenantTiers& before,
                               const TenantTiers& after) const {
  if (mutations_ == nullptr) return;
  // Calls `tell` for what is in one list and not in the other.
  const auto compare = [](const auto& a, const auto& b, const auto& key, const auto& tell) {
    std::set<std::string_view> in_a;
    std::set<std::string_view> in_b;
    for (const auto& one : a)
      in_a.insert(std::invoke(key, one));
    for (const auto& one : b) {
      in_b.insert(std::invoke(key, one));
      if (!in_a.contains(std::invoke(key, one))) tell(one);
    }
    for (const auto& one : a) {
      if (!in_b.contains(std::invoke(key, one))) tell(one);
    }
  };
  for (const Tier tier : kTiers) {
    // A window's sample is stamped with its end.
    const std::int64_t window_ms = ResolutionMs(tier);
    compare(before.of(tier).live, after.of(tier).live, &ListedBlock::file, [&](const ListedBlock& block) {
      mutations_->Changed(tenant, block.name.from_ms - window_ms, block.name.until_ms + window_ms);
    });
  }
  compare(before.tombstones, after.tombstones, &Tombstone::id, [&](const Tombstone& tombstone) {
    mutations_->Changed(tenant, tombstone.start_ms, tombstone.end_ms);
  });
}

Status Catalogue::List(Listing& listing, std::uint64_t& foreign) {
  std::unordered_map<std::string, std::vector<std::string>> sources;
  std::set<std::string> quarantined;
  std::set<std::string> still_listed;
  for (const Tier tier : kTiers) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<objstore::ObjectInfo> objects,
                               objects_.List("metrics/" + std::string(TierName(tier)) + "/"));
    // Marks first: a damaged block is not opened again to be told from a whole one.
    for (const objstore::ObjectInfo& object : objects) {
      if (object.name.ends_with(kQuarantinedEnding))
        quarantined.insert(object.name.substr(0, object.name.size() - kQuarantinedEnding.size()));
    }
    for (const objstore::ObjectInfo& object : objects) {
      if (object.name.ends_with(kQuarantinedEnding) || quarantined.contains(object.name)) continue;
      {
        const MutexLock lock(mu_);
        if (forgotten_.contains(object.name)) {
          still_listed.insert(object.name);
          continue;
        }
      }
      const auto place = ParseObjectName(object.name);
      auto name = place ? ParseBlockName(place->file_name) : std::nullopt;
      if (!name) {
        ++foreign;
        continue;
      }
      auto found = SourcesOf(*place, object.size);
      if (!found) {
        // Gone since it was listed, or damaged and put aside; anything else makes the listing fail, for a merged block whose
        // sources are not known would double them.
        const ErrorCode code = found.error().code;
        if (code == ErrorCode::kNotFound || code == ErrorCode::kCorruption || code == ErrorCode::kUnsupported)
          continue;
        return std::unexpected(std::move(found).error());
      }
      sources[object.name] = *found;
      listing[place->tenant][static_cast<std::size_t>(tier)].push_back(
          {*std::move(name), object.size, *std::move(found), place->file_name});
    }
  }
  TICKSCOPE_RETURN_IF_ERROR(KeepUnlisted(listing, sources, quarantined));
  sources_ = std::move(sources);
  const MutexLock lock(mu_);
  quarantined.insert(unmarked_.begin(), unmarked_.end());
  quarantined_ = std::move(quarantined);
  forgotten_ = std::move(still_listed);
  return {};
}

Status Catalogue::KeepUnlisted(Listing& listing,
                               std::unordered_map<std::string, std::vector<std::string>>& sources,
                               const std::set<std::string>& quarantined) {
  for (const auto& [name, replaces] : sources_) {
    if (sources.contains(name) || quarantined.contains(name)) continue;
    {
      const MutexLock lock(mu_);
      if (forgotten_.contains(name)) continue;
    }
    const auto size = objects_.Size(name);
    if (!size && size.error().code == ErrorCode::kNotFound) continue;
    if (!size) return std::unexpected(size.error());
    const auto place = ParseObjectName(name);
    listing[place->tenant][static_cast<std::size_t>(place->tier)].push_back(
        {*ParseBlockName(place->file_name), *size, replaces, place->file_name});
    sources[name] = replaces;
  }
  return {};
}

Result<std::vector<std::string>> Catalogue::SourcesOf(const ObjectPlace& place, std::uint64_t size) {
  const std::string name = ObjectNameOf(place.tier, place.tenant, place.file_name);
  if (const auto known = sources_.find(name); known != sources_.end()) return known->second;
  auto block = blocks_.Open(name, size);
  if (!block) {
    if (block.error().code == ErrorCode::kCorruption || block.error().code == ErrorCode::kUnsupported)
      Quarantine(place.tier, place.tenant, place.file_name, block.error());
    return std::unexpected(std::move(block).error());
  }
  const block::BlockMeta& meta = (*block)->meta();
  if (meta.tenant != place.tenant || meta.resolution_ms != ResolutionMs(place.tier)) {
    const auto foreign =
        Fail(ErrorCode::kCorruption, "block of another tenant or resolution under this name");
    Quarantine(place.tier, place.tenant, place.file_name, foreign.error());
    return foreign;
  }
  return meta.sources;
}

Result<std::map<TenantId, std::vector<Tombstone>>> Catalogue::ListTombstones() {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<objstore::ObjectInfo> objects,
                             objects_.List(std::string(kDeletesPrefix)));
  std::unordered_map<std::string, Tombstone> known;
  std::map<TenantId, std::vector<Tombstone>> by_tenant;
  for (const objstore::ObjectInfo& object : objects) {
    const std::string_view rest = std::string_view(object.name).substr(kDeletesPrefix.size());
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos || object.size > kTombstoneBytesMax) continue;
    auto found = tombstones_.find(object.name);
    if (found == tombstones_.end()) {
      auto text = objects_.Get(object.name, 0, kTombstoneBytesMax);
      if (!text && text.error().code == ErrorCode::kNotFound) continue;
      if (!text) return std::unexpected(std::move(text).error());
      auto parsed = ParseTombstone(std::string(rest.substr(slash + 1)), *text, parse_);
      if (!parsed) {
        Log(LogLevel::kError, "a delete does not decode and is not carried out",
            {{"object", object.name}, {"error", parsed.error().message}});
        continue;
      }
      found = tombstones_.emplace(object.name, *std::move(parsed)).first;
    }
    known.insert(*found);
    by_tenant[TenantId(rest.substr(0, slash))].push_back(found->second);
  }
  tombstones_ = std::move(known);
  return by_tenant;
}

std::vector<TenantId> Catalogue::Tenants() const {
  const MutexLock lock(mu_);
  std::vector<TenantId> tenants;
  for (const auto& [tenant, tiers] : version_)
    tenants.push_back(tenant);
  return tenants;
}

TenantTiersPtr Catalogue::Tenant(const TenantId& tenant) const {
  static const TenantTiersPtr kNone = std::make_shared<const TenantTiers>();
  const MutexLock lock(mu_);
  const auto found = version_.find(tenant);
  return found == version_.end() ? kNone : found->second;
}

Result<BlockPtr> Catalogue::Open(Tier tier, const TenantId& tenant, const ListedBlock& block) {
  return blocks_.Open(ObjectNameOf(tier, tenant, block.file), block.bytes);
}

BlockPtr Catalogue::OpenedAlready(Tier tier, const TenantId& tenant, const ListedBlock& block) const {
  return blocks_.Held(ObjectNameOf(tier, tenant, block.file));
}

void Catalogue::Quarantine(Tier tier, const TenantId& tenant, const std::string& file, const Error& error) {
  const std::string name = ObjectNameOf(tier, tenant, file);
  {
    const MutexLock lock(mu_);
    if (!quarantined_.insert(name).second) return;
    quarantined_blocks_->Set(static_cast<double>(quarantined_.size()));
    if (const auto found = version_.find(tenant); found != version_.end()) {
      auto without = std::make_shared<TenantTiers>(*found->second);
      auto& live = without->tiers[static_cast<std::size_t>(tier)].live;
      std::erase_if(live, [&](const ListedBlock& block) { return block.file == file; });
      const TenantTiersPtr before = std::exchange(found->second, std::move(without));
      TellDifference(tenant, *before, *found->second);
    }
  }
  blocks_.Forget(name);
  Log(LogLevel::kError, "block is damaged and was put aside", {{"object", name}, {"error", error.message}});
  const Status marked = objects_.Put(name + std::string(kQuarantinedEnding), error.message + "\n");
  if (!marked) {
    const MutexLock lock(mu_);
    unmarked_.insert(name);
    Log(LogLevel::kWarn, "cannot mark a damaged block for others",
        {{"object", name}, {"error", marked.error().message}});
  }
}

void Catalogue::AddTombstone(const TenantId& tenant, const Tombstone& tombstone) {
  const MutexLock lock(mu_);
  new_tombstones_[tenant].push_back(tombstone);
  TenantTiersPtr& shown = version_[tenant];
  auto with = shown == nullptr ? std::make_shared<TenantTiers>() : std::make_shared<TenantTiers>(*shown);
  with->tombstones.push_back(tombstone);
  shown = std::move(with);
  if (mutations_ != nullptr) mutations_->Changed(tenant, tombstone.start_ms, tombstone.end_ms);
}

void Catalogue::Forget(Tier tier, const TenantId& tenant, const std::string& file) {
  const std::string name = ObjectNameOf(tier, tenant, file);
  blocks_.Forget(name);
  const MutexLock lock(mu_);
  forgotten_.insert(name);
  const auto found = version_.find(tenant);
  if (found == version_.end()) return;
  auto without = std::make_shared<TenantTiers>(*found->second);
  LiveBlocks& blocks = without->tiers[static_cast<std::size_t>(tier)];
  const auto is_it = [&](const ListedBlock& block) { return block.file == file; };
  std::erase_if(blocks.live, is_it);
  std::erase_if(blocks.replaced, is_it);
  const TenantTiersPtr before = std::exchange(found->second, std::move(without));
  TellDifference(tenant, *before, *found->second);
}

}  // namespace tickscope::tier
