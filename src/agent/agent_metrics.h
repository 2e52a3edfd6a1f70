// AgentMetrics: what the agent says about itself on /metrics.
#pragma once

#include <array>
#include <cstdint>

#include "base/metrics.h"

namespace tickscope::agent {

/// Why samples did not go out, or why we cannot know that they arrived.
enum class DropReason : std::uint8_t {
  kDuplicate,     ///< A target gave a series twice with one time.
  kFuture,        ///< A target's own time was too far ahead.
  kQueueFull,     ///< The receiver was away for longer than the queue holds.
  kRefused,       ///< The receiver answered 4xx other than 429.
  kPartialWrite,  ///< The receiver answered that it wrote fewer.
  kShutdown,      ///< The time to drain ran out.
  kGuard,         ///< The guard refused their series.
  kRemoved,       ///< Their remote write was taken out of the configuration.
};
inline constexpr std::size_t kDropReasonCount = 8;

/// Why a scrape failed.
enum class ScrapeFailure : std::uint8_t {
  kUnreachable,  ///< Nobody there, or the connection broke.
  kTimeout,      ///< It did not answer in time, or not all.
  kCertificate,  ///< The target's certificate is not to be trusted: expired, of another name, of an unknown authority.
  kStatus,       ///< It answered other than 200; redirects are not followed.
  kLimit,        ///< body_size_limit, sample_limit, label limits.
  kMalformed,    ///< No HTTP, not the length it said, no exposition, of a format that is not known.
  kCredentials,  ///< Our own files of certificates or credentials do not read.
};
inline constexpr std::size_t kScrapeFailureCount = 7;

/// Why an SDK page, or their directory, was not read.
enum class PageRefusal : std::uint8_t {
  kVersion,      ///< Of a layout this does not know.
  kCorrupt,      ///< What it says about itself does not hold: torn, cut, hostile.
  kTooLarge,     ///< memory_limit.
  kSeriesLimit,  ///< series_limit.
  kPageLimit,    ///< page_limit.
  kNotAFile,     ///< A link, a pipe, a directory; or the directory is none.
  kMisnamed,     ///< The file's name is not that of the process it speaks of.
  kSameName,     ///< With instance: name, another process of that name is read.
  kUnreadable,   ///< The system refused.
};
inline constexpr std::size_t kPageRefusalCount = 9;

class AgentMetrics {
 public:
  explicit AgentMetrics(MetricRegistry& registry);

  void CountDropped(DropReason reason, std::uint64_t samples) {
    dropped_[static_cast<std::size_t>(reason)]->Add(samples);
  }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const {
    return dropped_[static_cast<std::size_t>(reason)]->value();
  }

  [[nodiscard]] Counter& scrape_failures(ScrapeFailure reason) {
    return *scrape_failures_[static_cast<std::size_t>(reason)];
  }
  Counter* scrapes_ok;
  Counter* scrapes_failed;
  Counter* scrapes_skipped;
  Counter* scraped_samples;
  HistogramMetric* scrape_seconds;
  Gauge* targets;
  Gauge* series;

  /// Refusals are counted at each read that meets them.
  [[nodiscard]] Counter& pages_refused(PageRefusal reason) {
    return *pages_refused_[static_cast<std::size_t>(reason)];
  }
  Gauge* pages;
  Counter* page_reads;
  Counter* host_read_failures;
  Counter* pages_crashed;
  Counter* pages_closed;
  Counter* pages_removed;
  Counter* pages_not_removed;
  HistogramMetric* page_read_seconds;

  Counter* rules_dropped;
  Counter* sent_samples;
  Counter* sent_bytes;
  Counter* requests_ok;
  Counter* requests_retried;
  Counter* requests_refused;
  Counter* requests_held_back;
  Counter* requests_duplicate;
  HistogramMetric* request_seconds;
  Gauge* queue_bytes;
  Gauge* queue_samples;

  Counter* reloads_ok;
  Counter* reloads_failed;

 private:
  std::array<Counter*, kDropReasonCount> dropped_{};
  std::array<Counter*, kPageRefusalCount> pages_refused_{};
  std::array<Counter*, kScrapeFailureCount> scrape_failures_{};
};

}  // namespace tickscope::agent
