// Fuzzes StatsD: whatever datagrams come, limits hold and what adds up stays a number.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/metrics.h"
#include "statsd/statsd_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  MetricRegistry registry;
  statsd::StatsdMetrics metrics(registry);
  statsd::StatsdTable table({.series_max = 8, .set_values_max = 8, .expire_ms = 1'000},
                            {.bounds = {}, .scale = 8, .buckets_max = 4}, {}, metrics);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  TimeMs now_ms = 1'000;
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    table.Take(text.substr(0, end), now_ms);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    TICKSCOPE_CHECK(table.size() <= 8);
    now_ms += 500;
    table.Flush(now_ms,
                {.on_series =
                     [](const statsd::StatsdSeries& series) {
                       TICKSCOPE_CHECK(std::isfinite(series.value));
                       TICKSCOPE_CHECK(!series.labels.metric_name().empty());
                       if (series.histogram == nullptr) return;
                       const Histogram native = series.histogram->ToNative();
                       TICKSCOPE_CHECK(native.positive_buckets.size() + native.negative_buckets.size() <= 64);
                     },
                 .on_end = [](const statsd::StatsdSeries&) {}});
  }
  return 0;
}
