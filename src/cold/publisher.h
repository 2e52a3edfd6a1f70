// Publisher: puts a tenant's day into the cold tier, exactly once.
//
// Parts are named by a hash of their bytes, and their bytes are a function of the samples. So a publish that was cut off
// is simply repeated: it writes the same names again and then the manifest. A day whose samples changed gets a manifest
// of the next revision; parts that are not in it any more stay until they are swept (cold_catalog.h), for readers that
// began before.
//
// One publisher a tenant at a time, and no sweep meanwhile; two that have the same blocks do no harm.
//
// Memory    One part (its bytes and a row group) and what a DayReader takes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "cold/cold_catalog.h"
#include "cold/cold_delete.h"
#include "cold/cold_schema.h"
#include "cold/day_reader.h"
#include "objstore/object_store.h"
#include "plugin/columnar.h"

namespace tickscope::cold {

struct PublishOptions {
  plugin::TableFormat format = plugin::TableFormat::kParquet;
  std::vector<std::string> promoted = DefaultPromotedLabels();
  /// Rows of a row group: some 110 series' day. Smaller ones prune better and compress worse.
  std::size_t row_group_rows = 1U << 15;
  /// Rows after which a metric's next part begins, at a series' end; bounds what is held in memory.
  std::size_t part_rows_max = 1U << 21;
  /// Samples to leave out although blocks still hold them; those of other days may be among them.
  std::vector<ColdDelete> deletes;
  /// Whether a day whose blocks did not change is looked through for parts that are gone: costs a listing of the tenant.
  bool checks_parts = true;
  /// Asked now and then; a publish that is cut off fails with kCancelled and is repeated to the same. May be empty.
  std::function<bool()> is_cancelled;
};

struct PublishReport {
  enum class Outcome : std::uint8_t {
    kPublished,  ///< The day's first manifest.
    kReplaced,   ///< A manifest of a later revision.
    kUnchanged,  ///< The manifest in force was made from the same blocks, and its parts are there.
    kEmpty,      ///< There are no samples of that day.
  };
  Outcome outcome = Outcome::kUnchanged;
  ColdManifest manifest;              ///< In force now.
  std::uint64_t parts_written = 0;    ///< Less than the manifest's when some were there already.
  std::vector<std::string> left_out;  ///< Metrics whose names are too long to be a partition.
};

/// Blocks hold the day's samples and, for steps into its first window, those of two hours before it; blocks of other times
/// may be among them. Errors: the blocks' (kCorruption), the store's; kInvalidArgument for bad promoted labels.
[[nodiscard]] Result<PublishReport> PublishDay(objstore::ObjectStore& store, const plugin::Columnar& columnar,
                                               const DayReader::Blocks& blocks, const TenantId& tenant,
                                               Day day, TimeMs now_ms, const PublishOptions& options);

}  // namespace tickscope::cold
