#include "cold/cold_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "codec/crc32c.h"

namespace tickscope::cold {
namespace {

auto Rank(const ManifestPlace& place) {
  return std::tuple(place.revision, place.content_hash);
}

}  // namespace

Result<std::vector<ManifestEntry>> ListManifests(objstore::ObjectStore& store, const TenantId& tenant) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto objects, store.List(ManifestPrefix(tenant)));
  std::map<std::pair<TenantId, Day>, ManifestEntry> newest;
  for (const objstore::ObjectInfo& object : objects) {
    const auto place = ParseManifestName(object.name);
    if (!place) continue;
    ManifestEntry& entry = newest[{place->tenant, place->day}];
    if (entry.name.empty() || Rank(entry.place) < Rank(*place)) entry = {object.name, *place, object.size};
  }
  std::vector<ManifestEntry> entries;
  for (auto& [key, entry] : newest)
    entries.push_back(std::move(entry));
  return entries;
}

Result<ColdManifest> LoadManifest(objstore::ObjectStore& store, const ManifestEntry& entry) {
  if (entry.bytes > kManifestBytesMax) {
    return Fail(ErrorCode::kCorruption,
                fmt::format("{}: larger than a manifest is: {} bytes, want at most {}", entry.name,
                            entry.bytes, kManifestBytesMax));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string text, store.Get(entry.name, 0, entry.bytes));
  if (const std::uint64_t hash = ContentHash(text); hash != entry.place.content_hash) {
    return Fail(ErrorCode::kCorruption, fmt::format("{}: its content is another: hash {:016x}, want {:016x}",
                                                    entry.name, hash, entry.place.content_hash));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(ColdManifest manifest, ReadManifest(entry.name, text));
  if (manifest.tenant != entry.place.tenant || manifest.day != entry.place.day)
    return Fail(ErrorCode::kCorruption,
                entry.name + ": it is about another tenant or day than its name says");
  return manifest;
}

Result<std::optional<ColdManifest>> FindManifest(objstore::ObjectStore& store, const TenantId& tenant,
                                                 Day day) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, ListManifests(store, tenant));
  const auto found = std::ranges::find(entries, day, [](const ManifestEntry& e) { return e.place.day; });
  if (found == entries.end()) return std::optional<ColdManifest>();
  TICKSCOPE_ASSIGN_OR_RETURN(ColdManifest manifest, LoadManifest(store, *found));
  return std::optional(std::move(manifest));
}

Result<std::string> LoadPart(objstore::ObjectStore& store, const ColdPart& part) {
  TICKSCOPE_ASSIGN_OR_RETURN(std::string content, store.Get(part.name, 0, part.bytes + 1));
  if (content.size() != part.bytes) {
    return Fail(ErrorCode::kCorruption,
                fmt::format("{}: {} bytes, its manifest says {}", part.name, content.size(), part.bytes));
  }
  if (const std::uint32_t crc = codec::Crc32c(AsBytes(content)); crc != part.crc32c) {
    return Fail(ErrorCode::kCorruption,
                fmt::format("{}: checksum {:08x}, its manifest says {:08x}", part.name, crc, part.crc32c));
  }
  return content;
}

Result<SweepReport> SweepTenant(objstore::ObjectStore& store, const TenantId& tenant, TimeMs now_ms,
                                std::int64_t grace_ms) {
  SweepReport report;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, ListManifests(store, tenant));
  std::set<std::string, std::less<>> live;
  std::set<Day> old_enough;
  for (const ManifestEntry& entry : entries) {
    TICKSCOPE_ASSIGN_OR_RETURN(const ColdManifest manifest, LoadManifest(store, entry));
    live.insert(entry.name);
    for (const ColdPart& part : manifest.parts)
      live.insert(part.name);
    if (now_ms - manifest.published_ms >= grace_ms) old_enough.insert(manifest.day);
  }
  const auto sweep = [&](const std::string& name, Day day) -> Status {
    if (live.contains(name)) return {};
    if (!old_enough.contains(day)) {
      ++report.kept_for_grace;
      return {};
    }
    TICKSCOPE_RETURN_IF_ERROR(store.Delete(name));
    ++report.deleted;
    return {};
  };
  TICKSCOPE_ASSIGN_OR_RETURN(const auto manifests, store.List(ManifestPrefix(tenant)));
  for (const objstore::ObjectInfo& object : manifests) {
    if (const auto place = ParseManifestName(object.name))
      TICKSCOPE_RETURN_IF_ERROR(sweep(object.name, place->day));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const auto parts, store.List(TenantPrefix(tenant)));
  for (const objstore::ObjectInfo& object : parts) {
    if (const auto place = ParsePartName(object.name))
      TICKSCOPE_RETURN_IF_ERROR(sweep(object.name, place->day));
  }
  return report;
}

}  // namespace tickscope::cold
