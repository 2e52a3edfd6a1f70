// Manifest: which files make up the store, and from where the stream is to be replayed.
//
// A small text file, replaced atomically after every seal: what it names is durable, what it does not name is not
// part of the store. There are two copies, written one after the other; the newer sound one counts. A line a fact, the
// checksum of all before it last; a file's line has its cut, name and the first stream offset it stands for:
//
//   tickscope-store 1
//   offset 8123 cut 17 due 1700006520000
//   tenant default blocked-until 1700006400000 blocked-cut 15 next-ref 1500000
//   segment 16 0000000016.segment 7700
//   catalog 15 0000000015.catalog 7700
//   block 15 1699999200000-1700006400000-0000000015.block 6900
//   crc 9f01c2aa
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "io/file_system.h"
#include "model/tenant.h"

namespace tickscope::tsdb {

struct ManifestTenant {
  TenantId tenant;
  TimeMs blocked_until_ms = INT64_MIN;  ///< Samples before it, of cuts up to blocked_cut, are in blocks.
  std::uint64_t blocked_cut = 0;
  std::uint32_t next_ref = 0;
  struct File {
    std::uint64_t cut = 0;
    std::string name;          ///< Within the tenant's directory.
    std::uint64_t offset = 0;  ///< Where the stream is replayed from when the file is damaged.
    friend bool operator==(const File&, const File&) = default;
  };
  std::vector<File> catalogs;  ///< At most one.
  std::vector<File> segments;  ///< By cut.
  std::vector<File> blocks;    ///< In order of making.
  friend bool operator==(const ManifestTenant&, const ManifestTenant&) = default;
};

struct Manifest {
  std::uint64_t offset = 0;  ///< First stream offset not in files.
  std::uint64_t cut = 0;     ///< Number of the last cut.
  TimeMs cut_due_ms = 0;     ///< When the next one is due, by the records' clock.
  std::vector<ManifestTenant> tenants;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

[[nodiscard]] std::string WriteManifest(const Manifest& manifest);
/// Errors: kCorruption naming the line.
[[nodiscard]] Result<Manifest> ParseManifest(std::string_view text);

}  // namespace tickscope::tsdb
