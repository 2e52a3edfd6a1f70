#include "control/agent_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tickscope::control {
namespace {

constexpr std::size_t kVersionBytesMax = 64;

template <typename Number>
bool Parse(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == end && number >= Number{0};
}

bool IsVersion(std::string_view text) {
  return !text.empty() && text.size() <= kVersionBytesMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

bool SetField(std::string_view name, std::string_view value, AgentReport& report) {
  if (name == "version") {
    report.version = value;
    return IsVersion(value);
  }
  if (name == "generation") return Parse(value, report.generation);
  if (name == "cadence") return Parse(value, report.cadence_ms);
  if (name == "schema") return Parse(value, report.schema_version);
  if (name == "keys") return Parse(value, report.key_epoch);
  if (name == "lag") return Parse(value, report.lag_ms);
  if (name == "rejects") return Parse(value, report.rejects);
  if (name == "lost") return Parse(value, report.lost);
  return true;
}

}  // namespace

std::string ReportText(const AgentReport& report) {
  return fmt::format("version={} generation={} cadence={} schema={} keys={} lag={} rejects={} lost={}",
                     report.version, report.generation, report.cadence_ms, report.schema_version,
                     report.key_epoch, report.lag_ms, report.rejects, report.lost);
}

Result<AgentReport> ParseReport(std::string_view text) {
  if (text.size() > kReportBytesMax) return Fail(ErrorCode::kInvalidArgument, "agent report: too long");
  AgentReport report;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (field.empty()) continue;
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos ||
        !SetField(field.substr(0, equals), field.substr(equals + 1), report))
      return Fail(ErrorCode::kInvalidArgument, "agent report: bad field");
  }
  return report;
}

}  // namespace tickscope::control
