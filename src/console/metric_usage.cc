#include "console/metric_usage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "model/labels.h"
#include "promql/expr_children.h"

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

using HourNumbers = std::array<std::int64_t, 1 + kReaders>;

// Numbers with commas between them; those that are not there are 0. Nothing unless the first is a number.
std::optional<HourNumbers> ReadHours(std::string_view text) {
  HourNumbers hours{};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (std::int64_t& hour : hours) {
    const auto [after, error] = std::from_chars(at, end, hour);
    if (error != std::errc()) return std::nullopt;
    if (after == end) return hours;
    if (*after != ',') return std::nullopt;
    at = after + 1;
  }
  return hours;
}

}  // namespace

std::string_view ReaderName(Reader reader) {
  constexpr std::array<std::string_view, kReaders> kNames = {"rule", "dashboard", "user", "viewer"};
  return kNames[static_cast<std::size_t>(reader)];
}

MetricUsage::MetricUsage(KeyedLog& log, const Clock& clock, Limits limits)
    : log_(log), clock_(clock), limits_(limits), started_ms_(clock.NowMs()) {
  const MutexLock lock(mu_);
  for (const auto& [tenant, entry] : log_.List(""))
    Load(tenant, entry->value);
}

// "since MS", then "HOURS NAME" or "HOURS ~PATTERN", a line each; HOURS are those of Hours, with commas between them. An older
// version has the first alone, and reads no more.
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
    if (first == "since") {
      static_cast<void>(std::from_chars(rest.data(), rest.data() + rest.size(), usage.since_ms));
      continue;
    }
    const auto hours = ReadHours(first);
    if (!hours) continue;
    if (rest.starts_with(kPatternMark)) {
      const auto matcher = Matcher::Make(MatchType::kRegex, kMetricName, rest.substr(1));
      if (matcher) HoursOfPattern(usage, *matcher).of = *hours;
    } else {
      HoursOfName(usage, std::string(rest)).of = *hours;
    }
  }
  usage.is_dirty = false;
  tenants_.insert_or_assign(tenant, std::move(usage));
}

std::string MetricUsage::TextOf(const OfTenant& usage) {
  std::string text = fmt::format("since {}\n", usage.since_ms);
  for (const auto& [name, hours] : usage.names)
    text += fmt::format("{} {}\n", fmt::join(hours.of, ","), name);
  for (const auto& [pattern, one] : usage.patterns)
    text += fmt::format("{} {}{}\n", fmt::join(one.hours.of, ","), kPatternMark, pattern);
  return text;
}

bool MetricUsage::Hours::Put(std::int64_t hour, Reader reader) {
  std::int64_t& of_reader = of[1 + static_cast<std::size_t>(reader)];
  const bool is_new = of[0] != hour || of_reader != hour;
  of[0] = of_reader = hour;
  return is_new;
}

void MetricUsage::Hours::PutAll(const Hours& more) {
  for (std::size_t i = 0; i < of.size(); ++i)
    of[i] = std::max(of[i], more.of[i]);
}

MetricUsage::Hours& MetricUsage::HoursOfPattern(OfTenant& usage, const Matcher& matcher) const {
  const auto found = usage.patterns.find(matcher.value());
  if (found != usage.patterns.end()) return found->second.hours;
  ForgetOldest(usage.patterns, limits_.patterns_max,
               [](const Pattern& pattern) { return pattern.hours.of[0]; });
  return usage.patterns.emplace(matcher.value(), Pattern{matcher, {}}).first->second.hours;
}

MetricUsage::Hours& MetricUsage::HoursOfName(OfTenant& usage, const std::string& name) const {
  const auto found = usage.names.find(name);
  if (found != usage.names.end()) return found->second;
  ForgetOldest(usage.names, limits_.names_max, [](const Hours& hours) { return hours.of[0]; });
  return usage.names.emplace(name, Hours()).first->second;
}

void MetricUsage::Note(const TenantId& tenant, std::span<const Matcher> matchers, Reader reader) {
  const auto name = std::ranges::find(matchers, kMetricName, &Matcher::name);
  if (name == matchers.end() || name->value().empty() || name->value().size() > kNameBytesMax) return;
  // A line feed would make two lines of it.
  if (name->value().contains('\n')) return;
  if (name->type() != MatchType::kRegex && name->type() != MatchType::kEqual) return;
  const std::int64_t hour = clock_.NowMs() / kHourMs;
  const MutexLock lock(mu_);
  auto found = tenants_.find(tenant);
  if (found == tenants_.end()) {
    if (tenants_.size() == limits_.tenants_max) return;
    found = tenants_.emplace(tenant, OfTenant{started_ms_, {}, {}, true}).first;
  }
  OfTenant& usage = found->second;
  Hours& hours = name->type() == MatchType::kRegex ? HoursOfPattern(usage, *name)
                                                   : HoursOfName(usage, std::string(name->value()));
  if (hours.Put(hour, reader)) usage.is_dirty = true;
}

void MetricUsage::NoteAll(const TenantId& tenant, const promql::Expr& expr, Reader reader) {
  if (const auto* const vector = std::get_if<promql::VectorSelector>(&expr.node))
    return Note(tenant, vector->matchers, reader);
  if (const auto* const matrix = std::get_if<promql::MatrixSelector>(&expr.node))
    return Note(tenant, matrix->selector.matchers, reader);
  promql::ForEachChild(expr, [&](const promql::Expr& child) { NoteAll(tenant, child, reader); });
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

std::optional<LastAsked> MetricUsage::Find(const TenantId& tenant, const std::string& series_name) const {
  Hours hours;
  {
    const MutexLock lock(mu_);
    const auto found = tenants_.find(tenant);
    if (found == tenants_.end()) return std::nullopt;
    const OfTenant& usage = found->second;
    if (const auto name = usage.names.find(series_name); name != usage.names.end()) hours = name->second;
    for (const auto& [text, pattern] : usage.patterns) {
      if (pattern.matcher.Matches(series_name)) hours.PutAll(pattern.hours);
    }
  }
  if (hours.of[0] == 0) return std::nullopt;
  LastAsked asked{.time_ms = hours.of[0] * kHourMs, .by_reader = {}};
  for (std::size_t i = 0; i < kReaders; ++i) {
    if (hours.of[1 + i] != 0) asked.by_reader[i] = hours.of[1 + i] * kHourMs;
  }
  return asked;
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

}  // namespace tickscope::console
