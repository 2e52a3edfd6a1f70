// Scraper: one target, scrape by scrape.
//
// Each scrape yields one batch: the target's samples, the five series about the scrape itself (up,
// scrape_duration_seconds, scrape_samples_scraped, scrape_samples_post_metric_relabeling,
// scrape_series_added) and a staleness marker for each series that was there before and is gone. A scrape
// that fails in any way yields none of the target's samples, up = 0 and markers for everything.
//
// Invariants   S1 all samples without a time of the target's own have the scrape's one time.
//              S2 a series has one sample a time; later ones in the body are dropped and counted.
//              S3 after End nothing is left that a query would still take for alive.
// Threads      One thread at a time.
// Source       Prometheus scrape behaviour: staleness, honor_timestamps, limits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/agent_config.h"
#include "agent/agent_metrics.h"
#include "agent/scrape_fetch.h"
#include "agent/series_cache.h"
#include "agent/source.h"
#include "agent/write_batch.h"
#include "base/clock.h"
#include "guard/guard.h"
#include "http/client.h"
#include "io/network.h"
#include "wire/exposition.h"

namespace tickscope::agent {

/// How far a target's own time may lie ahead of ours.
inline constexpr TimeMs kFutureMsMax = 600'000;

class Scraper final : public Source {
 public:
  /// `network`, `clock`, `metrics` and `guard`, which may be null, outlive the scraper. `access` may be null for a plain target.
  /// Errors: as http::ParseUrl.
  [[nodiscard]] static Result<std::unique_ptr<Scraper>> Make(
      TargetConfig config, const Labels& external_labels, io::Network& network, const Clock& clock,
      AgentMetrics& metrics, guard::Guard* guard = nullptr, ScrapeAccessPtr access = nullptr);

  /// Scrapes once; blocks for at most the target's timeout. `due_ms` is when the schedule asked for it.
  [[nodiscard]] WriteBatchPtr Read(TimeMs due_ms) override;
  /// Staleness markers for everything alive, the scrape's own series included. Null when there is nothing.
  [[nodiscard]] WriteBatchPtr End() override;

  [[nodiscard]] std::int64_t interval_ms() const override { return config_.interval_ms; }
  [[nodiscard]] std::uint64_t hash() const override { return hash_; }
  [[nodiscard]] std::size_t series_count() const override { return cache_.size(); }
  [[nodiscard]] SourceReport report() const override { return report_; }

 private:
  struct Counts {
    std::size_t scraped = 0;
    std::size_t added = 0;
    std::size_t new_series = 0;
  };

  Scraper(TargetConfig config, http::Url url, const Labels& external_labels, io::Network& network,
          const Clock& clock, AgentMetrics& metrics, guard::Guard* guard, ScrapeAccessPtr access);
  // The client, made when it is first needed. Errors: as ScrapeAccess::UseTls.
  [[nodiscard]] Result<http::Client*> Connect();
  [[nodiscard]] Status Append(const ScrapeAnswer& answer, TimeMs time_ms, WriteBatch& batch, Counts& counts);
  [[nodiscard]] Status AppendSample(const wire::ExpositionParser& parser, TimeMs time_ms, WriteBatch& batch,
                                    Counts& counts);
  [[nodiscard]] Result<SeriesCache::Entry*> EntryOf(const wire::ExpositionParser& parser, Counts& counts);
  // Gives the samples of a metric point that came right before its _created line their start timestamp.
  void NoteCreated(const SeriesCache::Entry& created, double created_s, WriteBatch& batch) const;
  // After the guard's rules changed: judges what is cached again. Returns what was alive and is refused now.
  [[nodiscard]] std::vector<SeriesCache::Entry> JudgeAgain();
  void AddExemplars(const wire::ExpositionSample& sample, SeriesCache::Entry& entry, WriteBatch& batch);
  void NoteMetadata(wire::ExpositionEntry kind, const wire::ExpositionMetadata& metadata);
  // The series, or one that is there already: rules may make several of a target's series one.
  [[nodiscard]] SeriesPtr SharedSeries(Series series);
  // Of samples of one series and time keeps the first; for series that were several to the target. S2.
  void DropRepeats(WriteBatch& batch);
  [[nodiscard]] std::shared_ptr<const Family> FamilyOf(std::string_view series_name);
  void ForgetUnusedFamilies();
  void NoteHealth(const Status& outcome);

  const TargetConfig config_;
  const http::Url url_;
  const Labels external_labels_;
  const std::uint64_t hash_;
  const Clock& clock_;
  AgentMetrics& metrics_;
  guard::Guard* const guard_;
  io::Network& network_;
  const ScrapeAccessPtr access_;
  std::unique_ptr<http::Client> client_;
  SeriesCache cache_;
  std::vector<SeriesPtr> report_series_;
  SourceReport report_;
  // Series as rules made them; empty without rules.
  std::unordered_map<Labels, std::weak_ptr<const Series>> relabelled_;
  bool has_shared_ = false;  // Two series of the target became one.
  std::uint64_t scrape_number_ = 0;
  std::uint64_t guard_generation_ = 0;  // Of the rules the cache's series were judged by.
  std::size_t last_sample_count_ = 0;
  bool has_reported_ = false;
  bool was_healthy_ = true;
  Family described_;  // The family whose metadata was read last in this scrape.
  // Of the samples of this scrape, in the order they came.
  std::vector<std::uint64_t> point_hashes_;
  bool may_say_created_ = false;                                           // The format has _created lines.
  std::unordered_map<std::string, std::weak_ptr<const Family>> families_;  // Held by their series.
};

}  // namespace tickscope::agent
