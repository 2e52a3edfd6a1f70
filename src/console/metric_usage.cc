#include "console/metric_usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "model/column_scan.h"
#include "model/labels.h"

namespace tickscope::console {
namespace {

constexpr TimeMs kHourMs = 3'600'000;
constexpr std::size_t kNameBytesMax = 500;
// A pattern's line begins so; no name of a metric does.
constexpr char kPatternMark = '~';

template <typename Map>
void ForgetOldest(Map& map, std::size_t size_max, const auto& time_of) {
  if (map.size() < size_max) return;
  map.erase(std::ranges::min_element(map, {}, [&](const auto& one) { return time_of(one.second); }));
}

}  // namespace

MetricUsage::MetricUsage(KeyedLog& log, const Clock& clock, Limits limits)
    : log_(log), clock_(clock), limits_(limits), started_ms_(clock.NowMs()) {
  const MutexLock lock(mu_);
  for (const auto& [tenant, entry] : log_.List(""))
    Load(tenant, entry->value);
}

// "since MS", then "HOUR NAME" or "HOUR ~PATTERN", a line each.
void MetricUsage::Load(const TenantId& tenant, std::string_view text) {
  OfTenant usage{.since_ms = started_ms_, .names = {}, .patterns = {}, .is_dirty = false};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    const std::string_view first = line.substr(0, blank);
    const std::string_view rest = line.substr(blank + 1);
    TimeMs number = 0;
    const std::string_view digits = first == "since" ? rest : first;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc()) continue;
    if (first == "since") {
      usage.since_ms = number;
    } else if (rest.starts_with(kPatternMark)) {
      auto matcher = Matcher::Make(MatchType::kRegex, kMetricName, rest.substr(1));
      if (matcher) NotePattern(usage, *matcher, number * kHourMs);
    } else {
      usage.names.emplace(rest, number * kHourMs);
    }
  }
  usage.is_dirty = false;
  tenants_.insert_or_assign(tenant, std::move(usage));
}

std::string MetricUsage::TextOf(const OfTenant& usage) {
  std::string text = fmt::format("since {}\n", usage.since_ms);
  for (const auto& [name, last_ms] : usage.names)
    text += fmt::format("{} {}\n", last_ms / kHourMs, name);
  for (const auto& [pattern, one] : usage.patterns)
    text += fmt::format("{} {}{}\n", one.last_ms / kHourMs, kPatternMark, pattern);
  return text;
}

void MetricUsage::NotePattern(OfTenant& usage, const Matcher& matcher, TimeMs hour_ms) const {
  const auto found = usage.patterns.find(matcher.value());
  if (found != usage.patterns.end()) {
    usage.is_dirty = usage.is_dirty || found->second.last_ms != hour_ms;
    found->second.last_ms = hour_ms;
    return;
  }
  ForgetOldest(usage.patterns, limits_.patterns_max, [](const Pattern& pattern) { return pattern.last_ms; });
  usage.patterns.emplace(matcher.value(), Pattern{matcher, hour_ms});
  usage.is_dirty = true;
}

void MetricUsage::Note(const TenantId& tenant, std::span<const Matcher> matchers) {
  const auto name = std::ranges::find(matchers, kMetricName, &Matcher::name);
  if (name == matchers.end() || name->value().empty() || name->value().size() > kNameBytesMax) return;
  // A line feed would make two lines of it.
  if (name->value().contains('\n')) return;
  const TimeMs hour_ms = clock_.NowMs() / kHourMs * kHourMs;
  const MutexLock lock(mu_);
  auto found = tenants_.find(tenant);
  if (found == tenants_.end()) {
    if (tenants_.size() == limits_.tenants_max) return;
    found = tenants_.emplace(tenant, OfTenant{started_ms_, {}, {}, true}).first;
  }
  OfTenant& usage = found->second;
  if (name->type() == MatchType::kRegex) return NotePattern(usage, *name, hour_ms);
  if (name->type() != MatchType::kEqual) return;
  const auto at = usage.names.find(name->value());
  if (at == usage.names.end()) {
    ForgetOldest(usage.names, limits_.names_max, [](TimeMs last_ms) { return last_ms; });
    usage.names.emplace(name->value(), hour_ms);
    usage.is_dirty = true;
  } else if (at->second != hour_ms) {
    at->second = hour_ms;
    usage.is_dirty = true;
  }
}

Status MetricUsage::Flush() {
  std::vector<std::pair<TenantId, std::string>> texts;
  {
    const MutexLock lock(mu_);
    for (auto& [tenant, usage] : tenants_) {
      if (!std::exchange(usage.is_dirty, false)) continue;
      texts.emplace_back(tenant, TextOf(usage));
    }
  }
  Status status;
  for (auto& [tenant, text] : texts) {
    if (const Status kept = log_.Put(tenant, clock_.NowMs(), std::move(text)); !kept) {
      status = kept;
      const MutexLock lock(mu_);
      tenants_[tenant].is_dirty = true;
    }
  }
  return status;
}

std::optional<TimeMs> MetricUsage::LastAsked(const TenantId& tenant, const std::string& series_name) const {
  const MutexLock lock(mu_);
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) return std::nullopt;
  std::optional<TimeMs> last;
  if (const auto name = found->second.names.find(series_name); name != found->second.names.end())
    last = name->second;
  for (const auto& [text, pattern] : found->second.patterns) {
    if (pattern.matcher.Matches(series_name)) last = std::max(last.value_or(0), pattern.last_ms);
  }
  return last;
}

TimeMs MetricUsage::ObservedSince(const TenantId& tenant) const {
  const MutexLock lock(mu_);
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? started_ms_ : found->second.since_ms;
}

std::vector<TenantId> MetricUsage::Tenants() const {
  std::vector<TenantId> tenants;
  const MutexLock lock(mu_);
  for (const auto& [tenant, usage] : tenants_)
    tenants.push_back(tenant);
  return tenants;
}

Result<std::unique_ptr<SeriesSet>> NotingQueryable::Select(const SelectRequest& request,
                                                           const QueryContext& context) const {
  if (usage_ != nullptr) usage_->Note(request.tenant, request.matchers);
  return storage_.Select(request, context);
}

Result<std::unique_ptr<ColumnScan>> NotingQueryable::Scan(const SelectRequest& request,
                                                          const QueryContext& context) const {
  if (usage_ != nullptr) usage_->Note(request.tenant, request.matchers);
  return storage_.Scan(request, context);
}

Result<std::vector<std::string>> NotingQueryable::LabelNames(const SelectRequest& request,
                                                             const QueryContext& context) const {
  return storage_.LabelNames(request, context);
}

Result<std::vector<std::string>> NotingQueryable::LabelValues(const std::string& name,
                                                              const SelectRequest& request,
                                                              const QueryContext& context) const {
  return storage_.LabelValues(name, request, context);
}

}  // namespace tickscope::console
