// /api/v1/admin: imports and snapshots of a running server. Off unless the configuration says admin_api, for whoever
// reaches it can fill the disk; 403 says so then.
//
//   PUT    /api/v1/admin/tsdb/import/{id}/{name}?offset=N   a piece of a block file; N is how much of it is there already
//   POST   /api/v1/admin/tsdb/import/{id}                   makes all files of the import blocks of the tenant, at once
//   DELETE /api/v1/admin/tsdb/import/{id}                   forgets the import's files
//   POST   /api/v1/admin/tsdb/snapshot                      as Prometheus: {"data":{"name":"20260101T120000Z-0123abcd"}}
//
// Files of an import lie in DATA/import/TENANT/ID until it is registered or forgotten; a client on the same machine may put
// them there itself. Snapshots lie in DATA/snapshots. Ids are [0-9a-z], names those of block files, the tenant is
// X-Scope-OrgID's.
//
// Bounds    A piece by the HTTP server's body_bytes_max; the disk by disk_free_bytes_min.
// Threads   Run on the pool; one at a time for each of the kinds.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/worker_pool.h"
#include "guard/guard.h"
#include "http/router.h"
#include "io/file_system.h"
#include "tsdb/store.h"

namespace tickscope::roles {

/// Everything outlives the router.
struct AdminDependencies {
  io::FileSystem& fs;
  tsdb::Store& store;
  const Clock& clock;
  Random& random;
  WorkerPool& pool;
  guard::Guard* guard;  ///< Judges what is imported; may be null.
  std::string data_directory;
  std::uint64_t disk_free_bytes_min = 0;
  bool is_enabled = false;
};

void RegisterAdminEndpoints(http::Router& router, AdminDependencies dependencies);

/// Where files of an import lie, below the data directory.
[[nodiscard]] std::string ImportDirectory(const std::string& data_directory, const TenantId& tenant,
                                          const std::string& id);
/// Removes a directory's files and the directory.
[[nodiscard]] Status RemoveFlatDirectory(io::FileSystem& fs, const std::string& directory);

}  // namespace tickscope::roles
