#include "fleet/run_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tickscope::fleet {
namespace {

constexpr std::string_view kDeclaredField = "resolution=declared";

Status CheckBetween(std::string_view field, std::int64_t got, std::int64_t min, std::int64_t max) {
  if (got >= min && got <= max) return {};
  return Fail(ErrorCode::kOutOfRange,
              fmt::format("{} out of range: got {}, want {} to {}", field, got, min, max));
}

// Takes "name=NUMBER" and the blank after it off the front of `text`.
template <typename T>
Status TakeField(std::string_view name, std::string_view& text, T& value) {
  const std::string prefix = fmt::format("{}=", name);
  if (text.starts_with(prefix)) {
    text.remove_prefix(prefix.size());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto taken = static_cast<std::size_t>(end - text.data());
    if (error == std::errc() && (taken == text.size() || text[taken] == ' ')) {
      text.remove_prefix(std::min(text.size(), taken + 1));
      return {};
    }
  }
  return Fail(ErrorCode::kCorruption, fmt::format("run line: want {}=NUMBER, got \"{}\"", name, text));
}

}  // namespace

std::uint32_t RunPlan::ServerCount(std::uint32_t group) const {
  return std::min(servers_per_request, servers - FirstServer(group));
}

TimeMs RunPlan::SampleTime(std::uint32_t group, std::uint64_t tick) const {
  // At most cadence - 2, so that a window cut one millisecond before a tick of group 0 has no sample on its
  // edge.
  const std::int64_t phase = group * (cadence_ms - 1) / group_count();
  return start_ms + static_cast<std::int64_t>(tick) * cadence_ms + phase;
}

Status CheckPlan(const RunPlan& plan) {
  TICKSCOPE_RETURN_IF_ERROR(CheckBetween("servers", plan.servers, 1, kServersMax));
  TICKSCOPE_RETURN_IF_ERROR(
      CheckBetween("servers per request", plan.servers_per_request, 1, kServersPerRequestMax));
  TICKSCOPE_RETURN_IF_ERROR(
      CheckBetween("points per request", plan.points_per_request, 1, kPointsPerRequestMax));
  TICKSCOPE_RETURN_IF_ERROR(CheckBetween("cadence in ms", plan.cadence_ms, kCadenceMsMin, kCadenceMsMax));
  TICKSCOPE_RETURN_IF_ERROR(
      CheckBetween("SDK servers", plan.sdk_servers, 0, std::min(plan.servers, kSdkServersMax)));
  // Up to the year 2100, so that a time plus any run's length stays far from overflow.
  return CheckBetween("start in ms", plan.start_ms, 0, 4'102'444'800'000);
}

std::string FormatPlan(const RunPlan& plan) {
  return fmt::format(
      "seed={} servers={} servers_per_request={} points_per_request={} cadence_ms={} start_ms={}{}{}",
      plan.seed, plan.servers, plan.servers_per_request, plan.points_per_request, plan.cadence_ms,
      plan.start_ms, plan.resolution == Resolution::kDeclared ? fmt::format(" {}", kDeclaredField) : "",
      plan.sdk_servers != 0 ? fmt::format(" sdk_servers={}", plan.sdk_servers) : "");
}

Result<RunPlan> ParsePlan(std::string_view text) {
  RunPlan plan;
  TICKSCOPE_RETURN_IF_ERROR(TakeField("seed", text, plan.seed));
  TICKSCOPE_RETURN_IF_ERROR(TakeField("servers", text, plan.servers));
  TICKSCOPE_RETURN_IF_ERROR(TakeField("servers_per_request", text, plan.servers_per_request));
  TICKSCOPE_RETURN_IF_ERROR(TakeField("points_per_request", text, plan.points_per_request));
  TICKSCOPE_RETURN_IF_ERROR(TakeField("cadence_ms", text, plan.cadence_ms));
  TICKSCOPE_RETURN_IF_ERROR(TakeField("start_ms", text, plan.start_ms));
  if (text.starts_with(kDeclaredField)) {
    plan.resolution = Resolution::kDeclared;
    text.remove_prefix(kDeclaredField.size());
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (text.starts_with("sdk_servers=")) {
    TICKSCOPE_RETURN_IF_ERROR(TakeField("sdk_servers", text, plan.sdk_servers));
  }
  if (!text.empty()) {
    return Fail(ErrorCode::kCorruption, fmt::format("run line: want its end, got \"{}\"", text));
  }
  if (const Status status = CheckPlan(plan); !status) {
    return Fail(ErrorCode::kCorruption, "run line: " + status.error().message);
  }
  return plan;
}

}  // namespace tickscope::fleet
