// RelabelRule: one step of Prometheus relabelling, as it is written.
//
// Source    Prometheus configuration, relabel_config.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tickscope::relabel {

enum class Action : std::uint8_t {
  kReplace,  ///< Sets target_label to the replacement when the regex matches; deletes it when that is empty.
  kKeep,     ///< Drops what the regex does not match.
  kDrop,     ///< Drops what the regex matches.
  kKeepEqual,  ///< Drops what has another value in target_label than in the sources.
  kDropEqual,  ///< Drops what has the same.
  kHashMod,    ///< Sets target_label to a hash of the sources, modulo `modulus`.
  kLabelMap,   ///< Copies labels whose name the regex matches to the replacement's name.
  kLabelDrop,  ///< Deletes labels whose name the regex matches.
  kLabelKeep,  ///< Deletes all others.
  kLowercase,  ///< Sets target_label to the sources in small letters (ASCII).
  kUppercase,  ///< In capital letters.
};

/// In the enum's order, as configurations name them.
inline constexpr std::array<std::string_view, 11> kActionNames = {
    "replace",  "keep",      "drop",      "keepequal", "dropequal", "hashmod",
    "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"};

struct RelabelRule {
  std::vector<std::string> source_labels;
  std::string separator = ";";  ///< Between the sources' values.
  std::string regex = "(.*)";   ///< RE2; matches the whole.
  std::uint64_t modulus = 0;
  std::string target_label;
  std::string replacement = "$1";  ///< $1, ${1}, ${name} and $$ as Go's regexp.Expand has them.
  Action action = Action::kReplace;

  friend bool operator==(const RelabelRule&, const RelabelRule&) = default;
};

}  // namespace tickscope::relabel
