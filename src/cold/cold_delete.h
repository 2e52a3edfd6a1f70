// ColdDelete: what somebody asked to be deleted, as the cold tier carries it out.
//
// A day names in its manifest's sources the deletes that were carried out on it, so a listing tells what is left to do.
//
//   published from raw blocks   the named samples are left out before windows are formed (publisher.h)
//   published already           rows of the named series whose windows touch the range are dropped: what else a window held cannot
//                               be told from it any more. Of a classic histogram, a row holds several series; only the named go.
//
// Invariants   X1 a day is rewritten whole or not at all: new parts first, then its manifest of the next revision. The old
//                 parts stay until they are swept (cold_catalog.h).
//              X2 a part that holds nothing of the deletes stays as it is.
// Threads      Functions. Not beside a publish of that tenant.
// Memory       A row group and the finished bytes of one part.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "cold/cold_manifest.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "objstore/object_store.h"
#include "plugin/columnar.h"

namespace tickscope::cold {

struct ColdDelete {
  std::string id;
  std::vector<std::vector<Matcher>> selectors;  ///< A series is named when all matchers of one of them match.
  TimeMs start_ms = 0;                          ///< Of its samples, both ends included.
  TimeMs end_ms = 0;

  [[nodiscard]] bool Names(const Labels& labels) const;
  [[nodiscard]] bool Touches(Day day) const;
  /// What a manifest's sources hold once it was carried out.
  [[nodiscard]] std::string Mark() const { return "delete:" + id; }
};

/// Deletes of a day that its manifest does not name.
[[nodiscard]] std::vector<ColdDelete> PendingDeletes(const ColdManifest& manifest,
                                                     std::span<const ColdDelete> deletes);

struct RewriteReport {
  ColdManifest manifest;  ///< In force now.
  std::uint64_t rows_dropped = 0;
  std::uint64_t rows_changed = 0;  ///< Of classic histograms that lost some of their series.
  std::uint64_t parts_rewritten = 0;
};

/// Carries deletes out on a published day. `is_cancelled` may be empty; what was done until then counts for nothing. Errors:
/// kCancelled; kCorruption naming the part; the store's.
[[nodiscard]] Result<RewriteReport> RewriteDay(objstore::ObjectStore& store, const plugin::Columnar& columnar,
                                               const ColdManifest& in_force,
                                               std::span<const ColdDelete> deletes, TimeMs now_ms,
                                               const std::function<bool()>& is_cancelled);

}  // namespace tickscope::cold
