#include "viewers/viewer_stats.h"

#include <fmt/format.h>

#include <utility>

#include "wire/json_writer.h"

namespace tickscope::viewers {
namespace {

using fleet::LatencyRecorder;
using wire::JsonWriter;

constexpr std::size_t kErrorKindsMax = 50;
constexpr std::array<std::string_view, 4> kCacheNames = {"unknown", "hit", "partial", "miss"};

std::size_t Index(WindowClass window) {
  return static_cast<std::size_t>(window);
}

double Ms(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void AddLatencies(const LatencyRecorder& latencies, ClassReport& report) {
  report.answers = latencies.count();
  report.p50_ms = Ms(latencies.Quantile(0.5));
  report.p95_ms = Ms(latencies.Quantile(0.95));
  report.p99_ms = Ms(latencies.Quantile(0.99));
  report.max_ms = Ms(latencies.max());
}

// Of what the server said about its cache; partial counts as half. Negative when it said nothing.
double HitShare(const ClassReport& report) {
  const double hits = static_cast<double>(report.cache[1]) + static_cast<double>(report.cache[2]) / 2;
  const auto known = static_cast<double>(report.cache[1] + report.cache[2] + report.cache[3]);
  return known > 0 ? hits / known : -1;
}

void AppendRow(std::string_view name, const ClassReport& report, std::string& out) {
  if (report.answers == 0 && report.errors == 0) return;
  fmt::format_to(std::back_inserter(out), "{:<18} {:>9} {:>8.1f} {:>8.1f} {:>8.1f} {:>9.1f} {:>7}", name,
                 report.answers, report.p50_ms, report.p95_ms, report.p99_ms, report.max_ms, report.errors);
  if (const double share = HitShare(report); share >= 0)
    fmt::format_to(std::back_inserter(out), "  cache hit {:.1f} %", share * 100);
  out += '\n';
}

void WriteClass(std::string_view name, const ClassReport& report, JsonWriter& json) {
  json.Key(name);
  json.BeginObject();
  const auto number = [&](std::string_view key, double value) {
    json.Key(key);
    json.Number(value);
  };
  json.Key("answers");
  json.Uint(report.answers);
  json.Key("errors");
  json.Uint(report.errors);
  number("p50_ms", report.p50_ms);
  number("p95_ms", report.p95_ms);
  number("p99_ms", report.p99_ms);
  number("max_ms", report.max_ms);
  if (const double share = HitShare(report); share >= 0) {
    number("cache_hit_share", share);
    json.Key("cache");
    json.BeginObject();
    for (std::size_t i = 0; i < report.cache.size(); ++i) {
      json.Key(kCacheNames[i]);
      json.Uint(report.cache[i]);
    }
    json.EndObject();
  }
  json.EndObject();
}

void WriteClasses(std::string_view name, const std::array<ClassReport, kWindowClasses>& classes,
                  JsonWriter& json) {
  json.Key(name);
  json.BeginObject();
  for (std::size_t i = 0; i < kWindowClasses; ++i)
    WriteClass(kWindowClassNames[i], classes[i], json);
  json.EndObject();
}

}  // namespace

WindowClass ClassOf(std::int64_t range_ms) {
  constexpr std::int64_t kHourMs = 3'600'000;
  if (range_ms <= 12 * kHourMs) return WindowClass::kUpTo12h;
  return range_ms <= 7 * 24 * kHourMs ? WindowClass::kUpTo7d : WindowClass::kLonger;
}

std::uint64_t ViewersReport::error_count() const {
  std::uint64_t count = 0;
  for (const auto& [kind, times] : errors)
    count += times;
  return count;
}

void ViewerStats::RecordQuery(WindowClass window, std::chrono::nanoseconds took, CacheUse cache,
                              std::size_t bytes) {
  queries_[Index(window)].Record(took);
  const MutexLock lock(mu_);
  ++counts_.queries[Index(window)].cache[static_cast<std::size_t>(cache)];
  counts_.answer_bytes += bytes;
}

void ViewerStats::RecordOpening(std::chrono::nanoseconds took, std::size_t bytes) {
  opening_.Record(took);
  AddBytes(bytes);
}

void ViewerStats::RecordFirstView(WindowClass window, std::chrono::nanoseconds took) {
  first_views_[Index(window)].Record(took);
}

void ViewerStats::RecordEvent(WindowClass window, std::chrono::nanoseconds lag, std::uint64_t points) {
  events_[Index(window)].Record(lag);
  const MutexLock lock(mu_);
  counts_.new_points += points;
}

void ViewerStats::CountError(const std::string& kind, std::string detail) {
  const bool is_known = counts_.errors.contains(kind) || counts_.errors.size() < kErrorKindsMax;
  ++counts_.errors[is_known ? kind : "other"];
  counts_.last_error = std::move(detail);
}

void ViewerStats::RecordError(WindowClass window, const std::string& kind, std::string detail) {
  const MutexLock lock(mu_);
  ++counts_.queries[Index(window)].errors;
  CountError(kind, std::move(detail));
}

void ViewerStats::RecordOpeningError(const std::string& kind, std::string detail) {
  const MutexLock lock(mu_);
  ++counts_.opening.errors;
  CountError(kind, std::move(detail));
}

void ViewerStats::AddBytes(std::size_t bytes) {
  const MutexLock lock(mu_);
  counts_.answer_bytes += bytes;
}

void ViewerStats::RefreshDue(std::uint64_t missed, bool is_late) {
  const MutexLock lock(mu_);
  counts_.refreshes_due += missed + 1;
  counts_.refreshes_missed += missed;
  counts_.refreshes_late += is_late ? 1 : 0;
}

void ViewerStats::RefreshDone() {
  const MutexLock lock(mu_);
  ++counts_.refreshes_done;
}

void ViewerStats::RequestBegins() {
  const MutexLock lock(mu_);
  ++counts_.requests_in_progress;
}

void ViewerStats::RequestEnds() {
  const MutexLock lock(mu_);
  --counts_.requests_in_progress;
}

void ViewerStats::Connected() {
  const MutexLock lock(mu_);
  ++counts_.connects;
}

void ViewerStats::SnapshotCame(std::uint64_t points) {
  const MutexLock lock(mu_);
  ++counts_.snapshots;
  counts_.snapshot_points += points;
}

ViewersReport ViewerStats::Report() const {
  ViewersReport report;
  {
    const MutexLock lock(mu_);
    report = counts_;
  }
  for (std::size_t i = 0; i < kWindowClasses; ++i) {
    AddLatencies(queries_[i], report.queries[i]);
    AddLatencies(first_views_[i], report.first_views[i]);
    AddLatencies(events_[i], report.events[i]);
    report.point_events += report.events[i].answers;
  }
  AddLatencies(opening_, report.opening);
  return report;
}

std::string ReportText(const ViewersReport& report) {
  std::string out = fmt::format("{:<18} {:>9} {:>8} {:>8} {:>8} {:>9} {:>7}\n", "ms", "answers", "p50", "p95",
                                "p99", "max", "errors");
  for (std::size_t i = 0; i < kWindowClasses; ++i)
    AppendRow(fmt::format("queries {}", kWindowClassNames[i]), report.queries[i], out);
  for (std::size_t i = 0; i < kWindowClasses; ++i)
    AppendRow(fmt::format("first view {}", kWindowClassNames[i]), report.first_views[i], out);
  for (std::size_t i = 0; i < kWindowClasses; ++i)
    AppendRow(fmt::format("events {}", kWindowClassNames[i]), report.events[i], out);
  AppendRow("opening", report.opening, out);
  const auto append = [&out]<typename... Args>(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  };
  if (report.refreshes_due > 0) {
    append("refreshes          {} due, {} done, {} late, {} missed; {} requests in progress at the end\n",
           report.refreshes_due, report.refreshes_done, report.refreshes_late, report.refreshes_missed,
           report.requests_in_progress);
  }
  if (report.connects > 0) {
    append("streams            {} begun, {} snapshots of {} points, {} events of {} new points\n",
           report.connects, report.snapshots, report.snapshot_points, report.point_events, report.new_points);
  }
  append("received           {:.1f} MB in {:.1f} s\n", static_cast<double>(report.answer_bytes) / 1e6,
         report.seconds);
  append("CPU of the viewers {:.2f} s, {:.3f} cores\n", report.cpu_seconds,
         report.seconds > 0 ? report.cpu_seconds / report.seconds : 0);
  append("errors             {}\n", report.error_count());
  for (const auto& [kind, times] : report.errors)
    append("  {:<16} {}\n", kind, times);
  if (!report.last_error.empty()) append("  last: {}\n", report.last_error);
  return out;
}

std::string ReportJson(const ViewersReport& report) {
  std::string text;
  JsonWriter json(text, 1 << 20);
  json.BeginObject();
  json.Key("seconds");
  json.Number(report.seconds);
  WriteClasses("queries", report.queries, json);
  WriteClasses("first_views", report.first_views, json);
  WriteClasses("events", report.events, json);
  WriteClass("opening", report.opening, json);
  const auto count = [&](std::string_view key, std::uint64_t value) {
    json.Key(key);
    json.Uint(value);
  };
  count("refreshes_due", report.refreshes_due);
  count("refreshes_done", report.refreshes_done);
  count("refreshes_late", report.refreshes_late);
  count("refreshes_missed", report.refreshes_missed);
  count("requests_in_progress", report.requests_in_progress);
  count("answer_bytes", report.answer_bytes);
  count("connects", report.connects);
  count("snapshots", report.snapshots);
  count("point_events", report.point_events);
  count("snapshot_points", report.snapshot_points);
  count("new_points", report.new_points);
  count("error_count", report.error_count());
  json.Key("errors");
  json.BeginObject();
  for (const auto& [kind, times] : report.errors)
    count(kind, times);
  json.EndObject();
  json.Key("last_error");
  json.String(report.last_error);
  json.Key("cpu_seconds");
  json.Number(report.cpu_seconds);
  json.EndObject();
  return text + "\n";
}

}  // namespace tickscope::viewers
