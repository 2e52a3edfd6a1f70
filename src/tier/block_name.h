// Block names: what a listing of the object store tells of a block without opening it.
//
//   metrics/raw/<tenant>/<from>-<until>-<id>.block              samples as they came
//   metrics/1m/<tenant>/<from>-<until>-<id>.<aggregate>.block   a rollup's aggregate (docs/formats/rollup.md)
//   metrics/5m/<tenant>/...
//   metrics/1h/<tenant>/...
//
// Samples are in [from, until), milliseconds since the epoch. The id tells blocks of one range apart, and how they were
// made: by the store it is the cut (digits), by rolling up again 'r', by a merge 'd' or 'm' (a day, 32 days), a hash of what was merged and perhaps a
// retention class, so that the same merge has the same name wherever it is done. Tier first, then tenant, so that one lifecycle rule of the object store
// moves or expires a tier.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/tenant.h"

namespace tickscope::tier {

enum class Tier : std::uint8_t { kRaw, kOneMinute, kFiveMinutes, kOneHour };
inline constexpr std::array<Tier, 4> kTiers = {Tier::kRaw, Tier::kOneMinute, Tier::kFiveMinutes,
                                               Tier::kOneHour};
/// Those that hold windows, the finest first.
inline constexpr std::array<Tier, 3> kRollupTiers = {Tier::kOneMinute, Tier::kFiveMinutes, Tier::kOneHour};

/// "raw", "1m", "5m" or "1h": in object names, metrics and messages.
[[nodiscard]] std::string_view TierName(Tier tier);
/// Length of a rollup's window; 0 for samples as they came.
[[nodiscard]] std::int64_t ResolutionMs(Tier tier);

/// How much was merged into a block.
enum class Level : std::uint8_t { kStored, kDay, kMonth };
/// Longest range of a level's blocks: 2 h (by default), 24 h, 32 d.
[[nodiscard]] std::int64_t PeriodMs(Level level);

struct BlockName {
  TimeMs from_ms = 0;
  TimeMs until_ms = 0;  ///< Exclusive.
  std::string id;
  std::string aggregate;  ///< Empty in tier raw.

  [[nodiscard]] Level level() const;
  /// Whether it was rolled up again after late samples: of one window, its values count before those of others.
  [[nodiscard]] bool is_rerolled() const { return id.starts_with('r'); }
  /// Of a merged block whose series are of one retention class (tier/retention.h): 'k' and eight digits. Else empty.
  [[nodiscard]] std::string_view class_key() const;
  /// "<from>-<until>-<id>[.<aggregate>].block".
  [[nodiscard]] std::string FileName() const;
  [[nodiscard]] bool Overlaps(TimeMs start_ms, TimeMs end_ms) const {
    return from_ms <= end_ms && until_ms > start_ms;
  }
  friend bool operator==(const BlockName&, const BlockName&) = default;
};

/// The range in whole windows of five minutes and of one; a block of the store is just that.
[[nodiscard]] BlockName AlignToWindows(BlockName name);
/// Whether a rollup of the range is made of a tier: windows of an hour only of whole hours, for blocks that share an hour would each
/// tell a part of it.
[[nodiscard]] bool HoldsWindows(Tier tier, const BlockName& name);

/// Nothing for a name that is not a block's.
[[nodiscard]] std::optional<BlockName> ParseBlockName(std::string_view file_name);

/// "metrics/<tier>/<tenant>/".
[[nodiscard]] std::string ObjectPrefix(Tier tier, const TenantId& tenant);

/// An object's tier, tenant and name in it. Nothing for objects that are not a tier's.
struct ObjectPlace {
  Tier tier = Tier::kRaw;
  TenantId tenant;
  std::string file_name;
};
[[nodiscard]] std::optional<ObjectPlace> ParseObjectName(std::string_view name);

/// Id of the rollup of several raw blocks that overlap; of two, the one of more blocks sorts first.
[[nodiscard]] std::string RerollId(std::vector<std::string> raw_files);

/// Whether `a` counts before `b` where both have a value: a strict order of the blocks of a tier.
[[nodiscard]] bool Precedes(const BlockName& a, const BlockName& b);

/// Id of the block that a level's merge of `sources` (file names, any order) gives.
[[nodiscard]] std::string MergeId(Level level, std::vector<std::string> sources);

}  // namespace tickscope::tier
