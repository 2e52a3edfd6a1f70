#include "console/cardinality_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/civil_time.h"

namespace tickscope::console {
namespace {

constexpr std::size_t kDayBytes = 10;  // "2026-03-01"

std::string DayOf(TimeMs now_ms) {
  return FormatUtcTime(now_ms).substr(0, kDayBytes);
}

}  // namespace

// "SERIES METRIC", a line each; the first is the total, without a name.
Status CardinalityHistory::Sample(const TenantId& tenant, TimeMs now_ms, std::uint64_t total,
                                  const Counts& by_metric) {
  std::string text = fmt::format("{} \n", total);
  for (std::size_t i = 0; i < std::min(by_metric.size(), kMetricsMax); ++i) {
    if (!by_metric[i].first.contains('\n'))
      text += fmt::format("{} {}\n", by_metric[i].second, by_metric[i].first);
  }
  const std::string prefix = tenant + "/";
  const std::string key = prefix + DayOf(now_ms);
  const KeyedEntryPtr present = log_.Find(key);
  if (present != nullptr && present->value == text) return {};
  TICKSCOPE_RETURN_IF_ERROR(log_.Put(key, now_ms, std::move(text)));
  const auto kept = log_.List(prefix);
  for (std::size_t i = 0; i + kDaysMax < kept.size(); ++i) {
    TICKSCOPE_RETURN_IF_ERROR(log_.Update(
        kept[i].first, now_ms, [](const KeyedEntry*) -> Result<KeyedLog::Change> { return std::nullopt; }));
  }
  return {};
}

std::vector<MetricDay> CardinalityHistory::List(const TenantId& tenant, std::size_t days,
                                                std::size_t metrics_max) const {
  std::vector<MetricDay> list;
  auto kept = log_.List(tenant + "/");
  std::ranges::reverse(kept);
  for (std::size_t i = 0; i < std::min(days, kept.size()); ++i) {
    const std::string day = kept[i].first.substr(tenant.size() + 1);
    std::string_view text = kept[i].second->value;
    for (std::size_t line_number = 0; line_number <= metrics_max && !text.empty(); ++line_number) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      std::uint64_t series = 0;
      const auto [after, error] = std::from_chars(line.data(), line.data() + line.size(), series);
      const auto used = static_cast<std::size_t>(after - line.data());
      if (error != std::errc() || used >= line.size()) continue;
      list.push_back({day, std::string(line.substr(used + 1)), series});
    }
  }
  return list;
}

}  // namespace tickscope::console
