#include "statsd/statsd_metrics.h"

#include <string>

namespace tickscope::statsd {

StatsdMetrics::StatsdMetrics(MetricRegistry& registry)
    : datagrams(registry.AddCounter("tickscope_statsd_datagrams_total", "Datagrams taken.", {})),
      samples(registry.AddCounter("tickscope_statsd_samples_total", "Values taken.", {})),
      lost_datagrams(registry.AddCounter(
          "tickscope_statsd_lost_datagrams_total",
          "Datagrams that the kernel threw away because they came faster than they were taken.", {})),
      expired(registry.AddCounter("tickscope_statsd_expired_series_total",
                                  "Series that ended because nobody sent them any more.", {})),
      series(registry.AddGauge("tickscope_statsd_series", "Series known, a histogram counted once.", {})) {
  constexpr std::array<const char*, kStatsdRefusals> kReasons = {"malformed", "unsupported", "type_conflict",
                                                                 "series_limit", "set_limit"};
  for (std::size_t i = 0; i < kStatsdRefusals; ++i) {
    refused_[i] =
        registry.AddCounter("tickscope_statsd_refused_total", "Lines, or values of them, not taken.",
                            {{"reason", std::string(kReasons[i])}});
  }
}

}  // namespace tickscope::statsd
