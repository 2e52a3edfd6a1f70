#include "roles/agent_dry_run.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "agent/agent_metrics.h"
#include "agent/aggregation_preview.h"
#include "agent/host_source.h"
#include "agent/page_directory.h"
#include "agent/scraper.h"
#include "base/duration.h"
#include "discovery/discovery.h"
#include "io/asio_network.h"
#include "io/host_probe.h"
#include "io/posix_file_system.h"
#include "io/process_info.h"
#include "io/process_table.h"
#include "io/system_clock.h"
#include "model/sample.h"
#include "roles/agent_targets.h"
#include "roles/open_guard.h"

namespace tickscope::roles {
namespace {

// Returns how many go out.
std::size_t PrintSamples(const agent::WriteBatch& batch, agent::AggregationPreview& preview) {
  std::size_t count = 0;
  for (const agent::BatchSample& sample : batch.samples) {
    if (!preview.Take(sample)) continue;
    ++count;
    if (sample.histogram != agent::kNoHistogram) {
      const Histogram& histogram = batch.histograms[sample.histogram];
      fmt::print("{} histogram count={} sum={} {}\n", sample.series->labels.ToString(), histogram.count,
                 histogram.sum, sample.time_ms);
    } else {
      fmt::print("{} {} {}\n", sample.series->labels.ToString(), sample.value, sample.time_ms);
    }
  }
  return count;
}

void PrintSums(const agent::AggregationPreview& preview) {
  for (const auto& [labels, sum] : preview.sums())
    fmt::print("{} of {} series every {}\n", labels, sum.series, FormatDurationMs(sum.every_ms));
}

}  // namespace

int DryRunAgent(const agent::AgentConfig& given) {
  agent::AgentConfig config = given;
  const auto clock = io::MakeSystemClock();
  const auto fs = io::MakePosixFileSystem();
  const auto network = io::MakeAsioNetwork();
  const auto loop = network->MakeLoop();
  const auto processes = io::MakeProcessTable();
  MetricRegistry registry;
  agent::AgentMetrics metrics(registry);
  const auto guard = OpenGuard(*fs, config.guard, *clock, registry);
  if (!guard) {
    std::fprintf(stderr, "tickscope agent: %s\n", guard.error().message.c_str());
    return 1;
  }
  const auto schema = ReadGuardOptions(*fs, config.guard);
  if (!schema) {
    std::fprintf(stderr, "tickscope agent: %s\n", schema.error().message.c_str());
    return 1;
  }
  discovery::Discovery discovery(
      {.network = *network, .loop = *loop, .fs = *fs, .clock = *clock, .metrics = registry},
      [](WorkerPool::Task&&) { return false; }, [](const discovery::Found&) {});
  TakeFound(discovery.Follow(DiscoveryPlanOf(config)), config);
  discovery.Stop();

  std::vector<std::string> problems;
  std::vector<std::unique_ptr<agent::Source>> sources;
  agent::ScrapeAccessPool accesses(fs.get(), *clock, &registry);
  for (agent::TargetConfig& target : config.Targets(&problems)) {
    const auto access = accesses.For(target.access, target.url.starts_with("https:"));
    if (!access) {
      problems.push_back(access.error().message);
      continue;
    }
    auto scraper = agent::Scraper::Make(std::move(target), config.external_labels, *network, *clock, metrics,
                                        guard->get(), *access);
    if (scraper) {
      sources.push_back(*std::move(scraper));
    } else {
      problems.push_back(scraper.error().message);
    }
  }
  for (agent::PagesConfig pages : config.sdk_pages) {
    pages.remove_ended = false;
    sources.push_back(std::make_unique<agent::PageDirectory>(std::move(pages), config.external_labels,
                                                             *processes, *clock, metrics, guard->get()));
  }
  const auto probe = io::MakeHostProbe();
  if (config.host_metrics.is_on) {
    sources.push_back(std::make_unique<agent::HostSource>(config.host_metrics, io::HostName(),
                                                          config.external_labels, *fs, *probe, *clock,
                                                          metrics, guard->get()));
  }
  std::size_t down = 0;
  std::size_t samples = 0;
  std::size_t only_in_sums = 0;
  agent::AggregationPreview preview(AggregationRulesOf(*schema, config.external_labels));
  for (const auto& source : sources) {
    const agent::WriteBatchPtr batch = source->Read(clock->NowMs());
    if (batch != nullptr) {
      const std::size_t printed = PrintSamples(*batch, preview);
      samples += printed;
      only_in_sums += batch->samples.size() - printed;
    }
    const agent::SourceReport report = source->report();
    down += report.error.empty() ? 0U : 1U;
    fmt::print(stderr, "{}: {} samples, {} series, {:.1f} ms{}{}\n", report.name, report.samples,
               source->series_count(), 1000 * report.seconds,
               report.error.empty() ? "" : ", down: ", report.error);
  }
  PrintSums(preview);
  for (const auto& [protocol, address] :
       {std::pair{"HTTP", config.otlp.http}, std::pair{"gRPC", config.otlp.grpc}}) {
    if (!address.empty()) fmt::print(stderr, "would take OTLP by {} at {}\n", protocol, address);
  }
  for (const std::string& problem : problems)
    fmt::print(stderr, "no target: {}\n", problem);
  if (!preview.sums().empty()) {
    fmt::print(stderr, "{} sums would be made; {} samples would go out only as part of them\n",
               preview.sums().size(), only_in_sums);
  }
  fmt::print(
      stderr, "{} targets, {} down; {} samples would be sent to {} receivers, {} are refused by the guard\n",
      sources.size(), down, samples, config.remote_writes.size(), metrics.dropped(agent::DropReason::kGuard));
  return down > 0 || !problems.empty() ? 1 : 0;
}

}  // namespace tickscope::roles
