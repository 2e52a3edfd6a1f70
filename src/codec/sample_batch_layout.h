// What readers of a sample batch share: its versions and the tags of its sections. The layout is in sample_batch.h.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace tickscope::codec {

inline constexpr std::uint8_t kPlainVersion = 1;
inline constexpr std::uint8_t kStepsVersion = 2;
inline constexpr std::uint8_t kStartsVersion = 3;
inline constexpr std::uint8_t kExemplarsVersion = 4;
inline constexpr std::uint8_t kDeliveriesVersion = 5;

enum class Section : std::uint8_t {
  kSeries = 1,
  kFloats = 2,
  kHistograms = 3,
  kMetadata = 4,
  kSteps = 5,
  kOverflow = 6,
  kStarts = 7,
  kExemplars = 8,
  kDelivery = 9,
  kDelivered = 10,
};

/// Errors: kUnsupported for a version that is not known.
[[nodiscard]] inline Status CheckBatchVersion(std::uint8_t version) {
  if (version >= kPlainVersion && version <= kDeliveriesVersion) return {};
  return Fail(ErrorCode::kUnsupported, "sample batch version: got " + std::to_string(version) +
                                           ", want 1 to " + std::to_string(kDeliveriesVersion));
}

/// What is wrong in which section.
[[nodiscard]] inline std::unexpected<Error> Corrupt(const char* section, const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("sample batch: ") + section + ": " + what);
}

}  // namespace tickscope::codec
