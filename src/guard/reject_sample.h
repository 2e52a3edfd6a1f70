// RejectSample: one refused series as it may be shown to whoever must mend its sender.
//
// It has the names of the series' labels, and of values only that of the label it was refused for, as far as that is nobody's:
//
//   refused as private          the kind alone                                  [email]
//   unknown label               its shape, for nobody vouches for what is in it  aaaa-00000
//   listed values, pattern,     the text without what the scanner finds          mars, eu-[ip]
//   budget
//   too long, no UTF-8          that                                            (1048576 bytes)
//
// Invariants   G3  Nothing that the scanner finds in a name or a value is in a sample, whatever the reason.
// Memory       At most kSampleLabels names of kSampleNameBytes and one value of kSampleValueBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "guard/pii_scanner.h"
#include "model/labels.h"

namespace tickscope::guard {

inline constexpr std::size_t kSampleLabels = 16;
inline constexpr std::size_t kSampleNameBytes = 64;
inline constexpr std::size_t kSampleValueBytes = 64;

struct RejectSample {
  TimeMs time_ms = 0;  ///< When it was last seen.
  std::vector<std::string>
      labels;         ///< Names, redacted, the metric's not among them; the first kSampleLabels.
  std::string value;  ///< Of the label it was refused for, redacted; empty when it is about no value.
};

/// How much of a value a sample shows.
enum class SampleValue : std::uint8_t {
  kNone,   ///< Nothing: what is wrong is not the value.
  kKind,   ///< The kind of private data.
  kShape,  ///< Letters as 'a', digits as '0', the rest as it is; the kind of what is private in it.
  kText,   ///< The text, redacted.
  kBytes,  ///< How long it is.
};

/// The name without private data, at most `bytes_max` of it.
[[nodiscard]] std::string RedactedName(const PiiScanner& scanner, std::string_view name,
                                       std::size_t bytes_max);

/// The series with these labels; `label` is the one that it was refused for, or empty; `kind` is that of private data.
[[nodiscard]] RejectSample MakeRejectSample(const PiiScanner& scanner, const std::vector<LabelView>& labels,
                                            std::string_view label, SampleValue shown,
                                            std::optional<PiiKind> kind);

}  // namespace tickscope::guard
