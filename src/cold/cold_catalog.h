// ColdCatalog: what the cold tier holds, read from its manifests.
//
// Threads   Functions of a thread-safe store.
// Memory    The manifests read: some 300 bytes a metric and day.
// Cost      One listing a call, and one Get a day.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cold/cold_manifest.h"
#include "objstore/object_store.h"

namespace tickscope::cold {

/// Which manifest counts for each day of a tenant, by day; of all tenants', by tenant and day, for an empty one.
struct ManifestEntry {
  std::string name;
  ManifestPlace place;
  std::uint64_t bytes = 0;
};
[[nodiscard]] Result<std::vector<ManifestEntry>> ListManifests(objstore::ObjectStore& store,
                                                               const TenantId& tenant);

/// Reads one and checks it. Errors: kCorruption naming the object; kNotFound.
[[nodiscard]] Result<ColdManifest> LoadManifest(objstore::ObjectStore& store, const ManifestEntry& entry);

/// The manifest that counts for a day, or nothing.
[[nodiscard]] Result<std::optional<ColdManifest>> FindManifest(objstore::ObjectStore& store,
                                                               const TenantId& tenant, Day day);

/// Reads a part whole and checks its bytes against the manifest. Errors: kCorruption; kNotFound.
[[nodiscard]] Result<std::string> LoadPart(objstore::ObjectStore& store, const ColdPart& part);

struct SweepReport {
  std::uint64_t deleted = 0;
  std::uint64_t kept_for_grace = 0;
};
/// Deletes what no manifest in force names, of days whose manifest is at least `grace_ms` old: replaced parts, those of a
/// publish that was cut off, and older manifests. Not beside a publish of that tenant, whose parts no manifest names yet.
[[nodiscard]] Result<SweepReport> SweepTenant(objstore::ObjectStore& store, const TenantId& tenant,
                                              TimeMs now_ms, std::int64_t grace_ms);

}  // namespace tickscope::cold
