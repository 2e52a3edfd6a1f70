// PageFamily: a metric family as an SDK page's directory declares it, and where its values lie.
//
// A record is another process's word: DecodeFamily takes nothing on trust and says what does not hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace tickscope::sdkpage {

/// The numbers are the format's (docs/formats/sdk-page.md).
enum class PageType : std::uint8_t {
  kCounter = 1,
  kDoubleCounter = 2,
  kGauge = 3,
  kUpDown = 4,
  kHistogram = 5,
  kExponential = 6,
};

struct PageLabel {
  std::string name;
  std::vector<std::string> values;  ///< At least one; valid UTF-8.
};

struct PageFamily {
  PageType type = PageType::kCounter;
  std::string name;
  std::string unit;  ///< May be empty.
  std::string help;
  std::vector<PageLabel> labels;
  std::vector<double>
      bounds;  ///< Upper bounds of histograms, ascending; the exponential's first is its zero threshold.
  std::int32_t scale = 0;
  std::int32_t first_index = 0;  ///< Index of the bucket behind the first bound, as Prometheus numbers them.
  std::uint32_t first_cell = 0;
  std::uint32_t cells_per_series = 0;
  std::uint32_t series_count = 0;
  std::uint32_t first_exemplar = 0;  ///< 0: none; else one more than the slot.

  [[nodiscard]] bool is_histogram() const { return type >= PageType::kHistogram; }
  /// The value of label `label` in series `series`.
  [[nodiscard]] const std::string& ValueOf(std::uint32_t series, std::size_t label) const;
};

/// What a page has room for: a record must stay inside.
struct PageRoom {
  std::uint32_t cells = 0;
  std::uint32_t exemplars = 0;
};

/// Bytes of a record's fixed part.
inline constexpr std::size_t kRecordHeadBytes = 40;

/// A record without its checksum checked, which begins `record` and fills it.
/// Errors: kCorruption naming what does not hold.
[[nodiscard]] Result<PageFamily> DecodeFamily(ByteView record, PageRoom room);

}  // namespace tickscope::sdkpage
