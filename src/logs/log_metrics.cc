#include "logs/log_metrics.h"

namespace tickscope::logs {

std::string_view LogRefusalName(LogRefusal refusal) {
  constexpr std::array<std::string_view, kLogRefusals> kNames = {
      "blank", "binary", "private", "malformed", "too_large", "bad_tag", "full", "time"};
  return kNames[static_cast<std::size_t>(refusal)];
}

LogMetrics::LogMetrics(MetricRegistry& registry)
    : tokens(registry.AddCounter("tickscope_log_tokens_total", "Values that became tokens.", {})),
      open_files(registry.AddGauge("tickscope_log_files", "Log files that are open.", {})),
      file_lag_bytes(
          registry.AddGauge("tickscope_log_lag_bytes", "Bytes of log files that were not read yet.", {})),
      connections(registry.AddGauge("tickscope_log_connections", "Connections that bring logs.", {})),
      refused_connections(
          registry.AddCounter("tickscope_log_refused_connections_total", "Connections over the limit.", {})) {
  constexpr std::array<const char*, kLogInputs> kInputs = {"file", "syslog", "fluent", "http", "otlp"};
  constexpr std::array<const char*, kFileEvents> kEvents = {"opened",  "rotated", "truncated", "copied",
                                                            "missing", "refused", "too_many"};
  for (std::size_t i = 0; i < kLogInputs; ++i) {
    const MetricLabels input = {{"input", kInputs[i]}};
    lines_[i] = registry.AddCounter("tickscope_log_lines_total", "Log entries taken.", input);
    bytes_[i] =
        registry.AddCounter("tickscope_log_bytes_total", "Bytes of log entries taken, as they came.", input);
    mended_[i] = registry.AddCounter("tickscope_log_mended_lines_total",
                                     "Log entries with bytes that were no text and were replaced.", input);
    cut_[i] = registry.AddCounter("tickscope_log_cut_lines_total",
                                  "Log entries of which only the start was kept.", input);
    for (std::size_t reason = 0; reason < kLogRefusals; ++reason) {
      MetricLabels labels = input;
      labels.emplace_back("reason", LogRefusalName(static_cast<LogRefusal>(reason)));
      refused_[i][reason] = registry.AddCounter(
          "tickscope_log_refused_total", "Log entries and messages that were not taken.", std::move(labels));
    }
  }
  for (std::size_t i = 0; i < kFileEvents; ++i) {
    file_events_[i] = registry.AddCounter("tickscope_log_file_events_total", "What happened to log files.",
                                          {{"event", kEvents[i]}});
  }
}

}  // namespace tickscope::logs
