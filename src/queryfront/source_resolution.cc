#include "queryfront/source_resolution.h"

#include <array>
#include <string>

#include "base/duration.h"

namespace tickscope::queryfront {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
/// Windows a step is to have, for a line that looks like that of the samples.
constexpr std::int64_t kWindowsPerStep = 5;

constexpr std::array<std::string_view, 5> kNames = {"raw", "auto", "1m", "5m", "1h"};

SourceResolution NoCoarserThan(std::int64_t ms) {
  if (ms >= 60 * kMinuteMs) return SourceResolution::kOneHour;
  if (ms >= 5 * kMinuteMs) return SourceResolution::kFiveMinutes;
  return ms >= kMinuteMs ? SourceResolution::kOneMinute : SourceResolution::kRaw;
}

}  // namespace

std::string_view SourceResolutionName(SourceResolution resolution) {
  return kNames[static_cast<std::size_t>(resolution)];
}

Result<SourceResolution> ParseSourceResolution(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<SourceResolution>(i);
  }
  const auto ms = ParseDurationMs(text);
  if (!ms || *ms < 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "not a resolution: want raw, auto, 1m, 5m, 1h or a duration, got \"" +
                    std::string(text.substr(0, 64)) + "\"");
  }
  return NoCoarserThan(*ms);
}

std::int64_t SourceResolutionMs(SourceResolution resolution, std::int64_t step_ms) {
  switch (resolution) {
    case SourceResolution::kRaw:
      return 0;
    case SourceResolution::kAuto:
      // Windows of an hour are read only where they come to the same.
      if (step_ms >= 60 * kMinuteMs) return 60 * kMinuteMs;
      return SourceResolutionMs(NoCoarserThan(step_ms / kWindowsPerStep), step_ms);
    case SourceResolution::kOneMinute:
      return kMinuteMs;
    case SourceResolution::kFiveMinutes:
      return 5 * kMinuteMs;
    case SourceResolution::kOneHour:
      return 60 * kMinuteMs;
  }
  return 0;
}

}  // namespace tickscope::queryfront
