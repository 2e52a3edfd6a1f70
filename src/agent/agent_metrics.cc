#include "agent/agent_metrics.h"

#include <string_view>

namespace tickscope::agent {

AgentMetrics::AgentMetrics(MetricRegistry& registry) {
  const auto counter = [&](std::string_view name, std::string_view help, MetricLabels labels = {}) {
    return registry.AddCounter(name, help, std::move(labels));
  };
  constexpr std::string_view kScrapes = "tickscope_agent_scrapes_total";
  constexpr std::string_view kScrapesHelp =
      "Scrapes by outcome; skipped ones were due while the last still ran.";
  scrapes_ok = counter(kScrapes, kScrapesHelp, {{"outcome", "ok"}});
  scrapes_failed = counter(kScrapes, kScrapesHelp, {{"outcome", "failed"}});
  scrapes_skipped = counter(kScrapes, kScrapesHelp, {{"outcome", "skipped"}});
  scraped_samples = counter("tickscope_agent_scraped_samples_total", "Samples of successful scrapes.");
  scrape_seconds = registry.AddHistogram("tickscope_agent_scrape_seconds", "Time of a scrape in seconds.", {},
                                         kLatencyBucketsSeconds);
  targets = registry.AddGauge("tickscope_agent_targets", "Targets being scraped.", {});
  series = registry.AddGauge("tickscope_agent_series", "Series known of all targets.", {});

  sent_samples = counter("tickscope_agent_sent_samples_total", "Samples the receiver took.");
  sent_bytes = counter("tickscope_agent_sent_bytes_total", "Bytes of request bodies the receiver took.");
  constexpr std::string_view kRequests = "tickscope_agent_requests_total";
  constexpr std::string_view kRequestsHelp =
      "Remote-write requests by outcome; retried ones are counted each time.";
  requests_ok = counter(kRequests, kRequestsHelp, {{"outcome", "ok"}});
  requests_retried = counter(kRequests, kRequestsHelp, {{"outcome", "retried"}});
  requests_refused = counter(kRequests, kRequestsHelp, {{"outcome", "refused"}});
  request_seconds =
      registry.AddHistogram("tickscope_agent_request_seconds", "Time of a remote-write request in seconds.",
                            {}, kLatencyBucketsSeconds);
  queue_bytes =
      registry.AddGauge("tickscope_agent_queue_bytes", "Memory held by samples that wait to be sent.", {});
  queue_samples = registry.AddGauge("tickscope_agent_queue_samples", "Samples that wait to be sent.", {});

  constexpr std::string_view kReloads = "tickscope_agent_config_reloads_total";
  constexpr std::string_view kReloadsHelp = "Reloads of the configuration by outcome.";
  reloads_ok = counter(kReloads, kReloadsHelp, {{"outcome", "ok"}});
  reloads_failed = counter(kReloads, kReloadsHelp, {{"outcome", "failed"}});

  constexpr std::string_view kReasons[kDropReasonCount] = {
      "duplicate", "future", "queue_full", "refused", "partial_write", "shutdown", "guard", "removed"};
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    dropped_[i] =
        counter("tickscope_agent_dropped_samples_total", "Samples that were not delivered, by reason.",
                {{"reason", std::string(kReasons[i])}});
  }
}

}  // namespace tickscope::agent
