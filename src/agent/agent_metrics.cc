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
  constexpr std::string_view kFailures[kScrapeFailureCount] = {
      "unreachable", "timeout", "certificate", "status", "limit", "malformed", "credentials"};
  for (std::size_t i = 0; i < kScrapeFailureCount; ++i) {
    scrape_failures_[i] = counter("tickscope_agent_scrape_failures_total", "Failed scrapes by reason.",
                                  {{"reason", std::string(kFailures[i])}});
  }
  scraped_samples = counter("tickscope_agent_scraped_samples_total", "Samples of successful scrapes.");
  scrape_seconds = registry.AddHistogram("tickscope_agent_scrape_seconds", "Time of a scrape in seconds.", {},
                                         kLatencyBucketsSeconds);
  targets = registry.AddGauge("tickscope_agent_targets", "Targets being scraped.", {});
  series = registry.AddGauge("tickscope_agent_series", "Series known of all targets.", {});

  host_read_failures =
      counter("tickscope_agent_host_read_failures_total", "Files of the kernel that did not read any more.");
  pages = registry.AddGauge("tickscope_agent_pages", "SDK pages being read.", {});
  page_reads = counter("tickscope_agent_page_reads_total", "Times that an SDK page was read.");
  constexpr std::string_view kEnded = "tickscope_agent_pages_ended_total";
  constexpr std::string_view kEndedHelp =
      "SDK pages whose process has ended, by how: closed in order, or crashed.";
  pages_crashed = counter(kEnded, kEndedHelp, {{"how", "crashed"}});
  pages_closed = counter(kEnded, kEndedHelp, {{"how", "closed"}});
  constexpr std::string_view kRemoved = "tickscope_agent_pages_removed_total";
  constexpr std::string_view kRemovedHelp =
      "Pages of ended processes taken out of their directory, by outcome.";
  pages_removed = counter(kRemoved, kRemovedHelp, {{"outcome", "ok"}});
  pages_not_removed = counter(kRemoved, kRemovedHelp, {{"outcome", "failed"}});
  page_read_seconds = registry.AddHistogram("tickscope_agent_page_read_seconds",
                                            "Time to read all SDK pages of a directory, in seconds.", {},
                                            kLatencyBucketsSeconds);
  constexpr std::string_view kRefusals[kPageRefusalCount] = {"version",      "corrupt",    "too_large",
                                                             "series_limit", "page_limit", "not_a_file",
                                                             "misnamed",     "same_name",  "unreadable"};
  for (std::size_t i = 0; i < kPageRefusalCount; ++i) {
    pages_refused_[i] = counter("tickscope_agent_pages_refused_total",
                                "SDK pages not read, by reason, counted at each read that meets them.",
                                {{"reason", std::string(kRefusals[i])}});
  }

  rules_dropped = counter("tickscope_agent_write_relabel_dropped_samples_total",
                          "Samples that write_relabel_configs keep from a receiver.");
  sent_samples = counter("tickscope_agent_sent_samples_total", "Samples the receiver took.");
  sent_bytes = counter("tickscope_agent_sent_bytes_total", "Bytes of request bodies the receiver took.");
  constexpr std::string_view kRequests = "tickscope_agent_requests_total";
  constexpr std::string_view kRequestsHelp =
      "Remote-write requests by outcome; retried ones are counted each time.";
  requests_ok = counter(kRequests, kRequestsHelp, {{"outcome", "ok"}});
  requests_retried = counter(kRequests, kRequestsHelp, {{"outcome", "retried"}});
  requests_refused = counter(kRequests, kRequestsHelp, {{"outcome", "refused"}});
  requests_held_back = counter("tickscope_agent_requests_held_back_total",
                               "Times a request waited because its receiver refused much for overload.", {});
  requests_duplicate =
      counter("tickscope_agent_requests_duplicate_total",
              "Requests that the receiver had from before: the answer to them had been lost.", {});
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
