#include "agent/pages_config.h"

#include "model/labels.h"

namespace tickscope::agent {
namespace {

constexpr std::int64_t kIntervalMinMs = 100;
constexpr std::int64_t kIntervalMaxMs = 24 * 3'600'000;
constexpr std::int64_t kPagesMax = 4'096;
constexpr std::int64_t kSeriesMax = 10'000'000;

}  // namespace

PagesConfig ReadPagesConfig(config::YamlMap map, std::int64_t interval_ms) {
  PagesConfig pages;
  pages.job_name = map.String("job_name", pages.job_name);
  pages.directory = map.String("directory", pages.directory);
  if (!pages.directory.starts_with('/')) map.Complain("directory", "expected an absolute path");
  pages.labels = map.StringMap("labels");
  for (const auto& [name, value] : pages.labels) {
    if (name.empty() || name == "__name__" || !IsValidUtf8(name) || !IsValidUtf8(value))
      map.Complain("labels", "label names must be UTF-8, not empty and not __name__");
  }
  pages.instance =
      map.OneOf("instance", 0, {"process", "name"}) == 0 ? PageInstance::kProcess : PageInstance::kName;
  pages.interval_ms =
      map.DurationMs("read_interval", interval_ms, {.min = kIntervalMinMs, .max = kIntervalMaxMs});
  pages.remove_ended = map.Bool("remove_ended", pages.remove_ended);
  pages.native_histograms = map.Bool("native_histograms", pages.native_histograms);
  const auto count = [&](std::string_view key, std::size_t fallback, std::int64_t max) {
    return static_cast<std::size_t>(
        map.Int(key, static_cast<std::int64_t>(fallback), {.min = 1, .max = max}));
  };
  pages.pages_max = count("page_limit", pages.pages_max, kPagesMax);
  pages.series_max = count("series_limit", pages.series_max, kSeriesMax);
  pages.bytes_max = map.Bytes("memory_limit", pages.bytes_max, {.min = 1ULL << 20U, .max = 4ULL << 30U});
  return pages;
}

void WritePagesConfig(const PagesConfig& pages, config::YamlWriter& out) {
  out.Comment("Value of the job label.");
  out.String("job_name", pages.job_name);
  out.Comment("What game servers give to ts_start. Only files right inside are read, no links.");
  out.String("directory", pages.directory);
  out.StringMap("labels", pages.labels);
  out.Comment("The instance label: process (NAME.PID) or name (NAME; then names must differ on a machine).");
  out.String("instance", pages.instance == PageInstance::kProcess ? "process" : "name");
  out.DurationMs("read_interval", pages.interval_ms);
  out.Comment("Remove the page of a process that has ended, once its last values are sent.");
  out.Comment("Set to false when game servers have process ids of another namespace (containers).");
  out.Bool("remove_ended", pages.remove_ended);
  out.Comment("Exponential histograms as native ones; false: a bucket an octave, as in the SDK's text.");
  out.Bool("native_histograms", pages.native_histograms);
  out.Comment("Past these limits further pages are refused, and counted.");
  out.Int("page_limit", static_cast<std::int64_t>(pages.pages_max));
  out.Int("series_limit", static_cast<std::int64_t>(pages.series_max));
  out.Bytes("memory_limit", pages.bytes_max);
}

}  // namespace tickscope::agent
