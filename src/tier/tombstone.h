// Tombstone: a delete that was asked for. Readers hide what it names at once; compaction drops it from the files.
//
// Kept as an object of its own, metrics/deletes/<tenant>/<id>, until every block it may touch was rewritten. Text, a line a
// fact, the checksum of all before it last:
//
//   tickscope-delete 1
//   range 1700000000000 1700003600000
//   asked 1700007000000
//   match {__name__="game_players",server="s-17"}
//   crc 9f01c2aa
//
// A series is named when one of the match lines matches it; of it the samples in the range, both ends included.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/matcher.h"
#include "model/tenant.h"

namespace tickscope::tier {

struct Tombstone {
  std::string id;  ///< Of the object; lower-case letters and digits.
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  TimeMs asked_ms = 0;
  std::vector<std::string> selectors;          ///< As they were asked for.
  std::vector<std::vector<Matcher>> matchers;  ///< Of each selector.

  [[nodiscard]] bool Names(const Labels& labels) const;
};

/// Parses a selector into matchers; PromQL's, handed in so that storage need not know the language.
using SelectorParser = Result<std::vector<Matcher>> (*)(std::string_view selector);

[[nodiscard]] std::string TombstonePrefix(const TenantId& tenant);
[[nodiscard]] std::string WriteTombstone(const Tombstone& tombstone);
/// Errors: kCorruption naming the line.
[[nodiscard]] Result<Tombstone> ParseTombstone(std::string id, std::string_view text, SelectorParser parse);

}  // namespace tickscope::tier
