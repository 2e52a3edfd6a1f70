// Why a log or a span is not taken, which costs its request nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tickscope::signals {

enum class Refusal : std::uint8_t {
  kPrivateName,  ///< The name of an attribute or label gives somebody away.
  kBadName,      ///< Such a name is empty, too long or not UTF-8.
  kBadLabels,    ///< A Loki stream's labels do not parse, are none, or are too many.
  kTooLong,      ///< A body or the attributes have too many bytes.
  kTooMany,      ///< Too many attributes, events or links, or a value that nests too deep.
  kTooOld,
  kTooNew,
  kBadId,  ///< A span without the ids of a trace and of itself.
};
inline constexpr std::size_t kRefusals = 8;

/// "private_name", "bad_name", "bad_labels", "too_long", "too_many", "too_old", "too_new", "bad_id".
[[nodiscard]] constexpr std::string_view RefusalName(Refusal refusal) {
  constexpr std::string_view kNames[kRefusals] = {"private_name", "bad_name", "bad_labels", "too_long",
                                                  "too_many",     "too_old",  "too_new",    "bad_id"};
  return kNames[static_cast<std::size_t>(refusal)];
}

}  // namespace tickscope::signals
