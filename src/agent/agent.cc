#include "agent/agent.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/host_source.h"
#include "agent/page_directory.h"
#include "agent/scraper.h"
#include "agent/statsd_source.h"
#include "base/log.h"

namespace tickscope::agent {

namespace {

bool HaveOneSpool(const RemoteWriteConfig& a, const RemoteWriteConfig& b) {
  return !a.spool.directory.empty() && a.spool.directory == b.spool.directory;
}

}  // namespace

TimeMs NextDueMs(TimeMs after_ms, std::int64_t interval_ms, std::uint64_t hash) {
  const auto phase = static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(interval_ms));
  const std::int64_t into = (((after_ms - phase) % interval_ms) + interval_ms) % interval_ms;
  return after_ms - into + interval_ms;
}

Agent::Agent(const AgentContext& context, Executor scrape_executor, Executor send_executor)
    : context_(context),
      scrape_executor_(std::move(scrape_executor)),
      send_executor_(std::move(send_executor)),
      accesses_(context.fs, context.clock, context.registry) {}

Agent::~Agent() = default;

Status Agent::Apply(const AgentConfig& config) {
  // Everything that can fail comes first, so that a bad configuration changes nothing.
  std::vector<std::unique_ptr<Target>> fresh_targets;
  std::vector<std::unique_ptr<Target>*> kept_targets;
  for (SourceConfig& wanted : SourcesOf(config)) {
    statsd::HistogramForms forms = FormsFor(wanted);
    const auto same = std::ranges::find_if(targets_, [&](const auto& target) {
      return target->config == wanted && target->external_labels == config.external_labels &&
             target->histogram_forms == forms;
    });
    if (same != targets_.end()) {
      kept_targets.push_back(&*same);
      continue;
    }
    auto target = std::make_unique<Target>();
    TICKSCOPE_ASSIGN_OR_RETURN(target->source, MakeSource(wanted, config.external_labels));
    target->last = target->source->report();
    target->config = std::move(wanted);
    target->external_labels = config.external_labels;
    target->histogram_forms = std::move(forms);
    fresh_targets.push_back(std::move(target));
  }
  std::vector<std::unique_ptr<RemoteWriter>> fresh_writers;
  std::vector<std::unique_ptr<RemoteWriter>*> kept_writers;
  std::vector<std::function<void()>> reconfigured;
  for (const RemoteWriteConfig& wanted : config.remote_writes) {
    const auto same = std::ranges::find_if(writers_, [&](const auto& writer) {
      return writer->config() == wanted || HaveOneSpool(writer->config(), wanted);
    });
    if (same != writers_.end()) {
      kept_writers.push_back(&*same);
      if ((*same)->config() == wanted) {
        (*same)->CheckCredentials();
        continue;
      }
      // A spool has one owner: what changes is taken up by it.
      if ((*same)->config().spool != wanted.spool) {
        return Fail(ErrorCode::kInvalidArgument,
                    "settings of a spool change with a restart only: directory=" + wanted.spool.directory);
      }
      TICKSCOPE_ASSIGN_OR_RETURN(auto take_up, (*same)->Reconfigure(wanted));
      reconfigured.push_back(std::move(take_up));
      continue;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(auto writer, RemoteWriter::Make(wanted, context_, send_executor_));
    fresh_writers.push_back(std::move(writer));
  }

  for (const std::function<void()>& take_up : reconfigured)
    take_up();
  // Targets end before receivers change, so that a receiver that stays gets their markers. A target that is
  // listed twice is kept once.
  // Whoever asks meanwhile, as a push's report does, sees those that stay.
  std::vector<std::unique_ptr<Target>> targets_before = std::exchange(targets_, {});
  for (std::unique_ptr<Target>* kept : kept_targets) {
    if (*kept != nullptr) targets_.push_back(std::move(*kept));
  }
  for (std::unique_ptr<Target>& gone : targets_before) {
    if (gone == nullptr) continue;
    End(*gone);
    ending_.push_back(std::move(gone));
  }
  ForgetEnded();
  std::vector<std::unique_ptr<RemoteWriter>> writers_before = std::exchange(writers_, {});
  for (std::unique_ptr<RemoteWriter>* kept : kept_writers) {
    if (*kept != nullptr) writers_.push_back(std::move(*kept));
  }
  for (std::unique_ptr<RemoteWriter>& gone : writers_before) {
    if (gone == nullptr) continue;
    gone->Abandon(DropReason::kRemoved);
    ending_writers_.push_back(std::move(gone));
  }
  std::ranges::move(fresh_writers, std::back_inserter(writers_));

  const TimeMs now_ms = context_.clock.NowMs();
  for (std::unique_ptr<Target>& target : fresh_targets) {
    target->source->Begin();
    Schedule(*target, now_ms);
    targets_.push_back(std::move(target));
  }
  context_.metrics.targets->Set(static_cast<double>(targets_.size()));
  return {};
}

std::vector<Agent::SourceConfig> Agent::SourcesOf(const AgentConfig& config) {
  std::vector<SourceConfig> sources;
  std::vector<std::string> problems;
  std::ranges::move(config.Targets(&problems), std::back_inserter(sources));
  for (const std::string& problem : problems)
    Log(LogLevel::kWarn, "no target", {{"problem", problem}});
  // Made in their place: g++ 12 takes a variant that is moved for one that may not be initialised.
  for (const PagesConfig& pages : config.sdk_pages)
    sources.emplace_back(pages);
  if (config.host_metrics.is_on) sources.emplace_back(config.host_metrics);
  for (const StatsdConfig& statsd : config.statsd)
    sources.emplace_back(statsd);
  return sources;
}

Result<std::unique_ptr<Source>> Agent::MakeSource(const SourceConfig& config, const Labels& external_labels) {
  if (const auto* const pages = std::get_if<PagesConfig>(&config)) {
    return std::make_unique<PageDirectory>(*pages, external_labels, context_.processes, context_.clock,
                                           context_.metrics, context_.guard);
  }
  if (const auto* const host = std::get_if<HostMetricsConfig>(&config)) {
    if (context_.fs == nullptr || context_.probe == nullptr)
      return Fail(ErrorCode::kUnsupported, "host_metrics: this agent has no host to read");
    return std::make_unique<HostSource>(*host, context_.host_name, external_labels, *context_.fs,
                                        *context_.probe, context_.clock, context_.metrics, context_.guard);
  }
  if (const auto* const statsd = std::get_if<StatsdConfig>(&config)) {
    if (context_.datagrams == nullptr || context_.registry == nullptr)
      return Fail(ErrorCode::kUnsupported, "statsd: this agent has no sockets");
    TICKSCOPE_ASSIGN_OR_RETURN(auto source,
                               StatsdSource::Make(*statsd, external_labels, context_, statsd_sockets_));
    return source;
  }
  const auto& target = std::get<TargetConfig>(config);
  TICKSCOPE_ASSIGN_OR_RETURN(ScrapeAccessPtr access,
                             accesses_.For(target.access, target.url.starts_with("https:")));
  TICKSCOPE_ASSIGN_OR_RETURN(
      auto scraper, Scraper::Make(target, external_labels, context_.network, context_.clock, context_.metrics,
                                  context_.guard, std::move(access)));
  return scraper;
}

statsd::HistogramForms Agent::FormsFor(const SourceConfig& config) const {
  if (!std::holds_alternative<StatsdConfig>(config) || context_.histogram_forms == nullptr) return {};
  return *context_.histogram_forms;
}

std::int64_t Agent::IntervalOf(const Target& target) const {
  const std::int64_t configured_ms = target.source->interval_ms();
  return cadence_ms_ == 0 ? configured_ms : std::min(configured_ms, cadence_ms_);
}

void Agent::SetCadence(std::int64_t cadence_ms) {
  if (std::exchange(cadence_ms_, cadence_ms) == cadence_ms) return;
  const TimeMs now_ms = context_.clock.NowMs();
  for (const std::unique_ptr<Target>& target : targets_) {
    // One without a timer is being read right now, and is scheduled at its end.
    if (const auto timer = std::exchange(target->timer, std::nullopt); timer) {
      context_.loop.CancelTimer(*timer);
      Schedule(*target, now_ms);
    }
  }
}

std::int64_t Agent::cadence_ms() const {
  std::int64_t quickest_ms = 0;
  for (const std::unique_ptr<Target>& target : targets_) {
    const std::int64_t interval_ms = IntervalOf(*target);
    if (quickest_ms == 0 || interval_ms < quickest_ms) quickest_ms = interval_ms;
  }
  return quickest_ms;
}

std::int64_t Agent::lag_ms() const {
  std::int64_t lag_ms = 0;
  for (const std::unique_ptr<RemoteWriter>& writer : writers_)
    lag_ms = std::max(lag_ms, writer->lag_ms());
  return lag_ms;
}

std::string WithoutQuery(const std::string& url) {
  return url.substr(0, url.find('?'));
}

AgentStatus Agent::Describe() const {
  AgentStatus status;
  for (const auto& target : targets_) {
    TargetStatus& one = status.targets.emplace_back();
    if (const auto* const scraped = std::get_if<TargetConfig>(&target->config)) one.labels = scraped->labels;
    one.interval_ms = IntervalOf(*target);
    one.series = target->series_count;
    one.last = target->last;
  }
  for (const auto& writer : writers_) {
    status.receivers.push_back({.url = WithoutQuery(writer->config().push.url),
                                .protocol = writer->protocol(),
                                .is_otlp = writer->config().is_otlp,
                                .queue_bytes = writer->queue_bytes(),
                                .has_spool = !writer->config().spool.directory.empty(),
                                .is_idle = writer->IsIdle()});
  }
  if (aggregation_ != nullptr) status.aggregation = aggregation_->Describe();
  return status;
}

void Agent::Schedule(Target& target, TimeMs after_ms) {
  const TimeMs now_ms = context_.clock.NowMs();
  const TimeMs due_ms = NextDueMs(after_ms, IntervalOf(target), target.source->hash());
  target.timer = context_.loop.After(std::chrono::milliseconds(std::max<TimeMs>(0, due_ms - now_ms)),
                                     [this, &target, due_ms] {
                                       target.timer.reset();
                                       StartScrape(target, due_ms);
                                       // Wall time may have jumped either way meanwhile.
                                       const TimeMs woke_ms = context_.clock.NowMs();
                                       const bool is_close = woke_ms >= due_ms - 1000 && woke_ms <= due_ms;
                                       if (!target.is_ending) Schedule(target, is_close ? due_ms : woke_ms);
                                     });
}

void Agent::StartScrape(Target& target, TimeMs due_ms) {
  if (target.is_scraping) {
    context_.metrics.scrapes_skipped->Add();
    return;
  }
  target.is_scraping = true;
  const bool taken = scrape_executor_([this, &target, due_ms] {
    context_.loop.Post([this, &target, batch = target.source->Read(due_ms)] { OnScraped(target, batch); });
  });
  if (taken) return;
  target.is_scraping = false;
  context_.metrics.scrapes_skipped->Add();
}

void Agent::OnScraped(Target& target, const WriteBatchPtr& batch) {
  target.is_scraping = false;
  PushToAll(batch);
  const std::size_t series_count = target.source->series_count();
  context_.metrics.series->Add(static_cast<double>(series_count) - static_cast<double>(target.series_count));
  target.series_count = series_count;
  target.last = target.source->report();
  if (!target.is_ending) return;
  PushEnd(target);
  ForgetEnded();
  DrainWhenAllEnded();
}

void Agent::End(Target& target) {
  target.is_ending = true;
  if (const auto timer = std::exchange(target.timer, std::nullopt); timer) context_.loop.CancelTimer(*timer);
  if (!target.is_scraping) PushEnd(target);
}

void Agent::PushEnd(Target& target) {
  PushToAll(target.source->End());
  context_.metrics.series->Add(-static_cast<double>(std::exchange(target.series_count, 0U)));
}

Status Agent::Aggregate(const AggregationConfig& config, AggregationRules rules) {
  if (aggregation_ != nullptr) {
    aggregation_->SetRules(std::move(rules));
    return {};
  }
  if (rules.empty()) return {};
  TICKSCOPE_ASSIGN_OR_RETURN(aggregation_, Aggregation::Make(config, std::move(rules), context_, [this] {
                               std::vector<RemoteWriter*> writers;
                               for (const auto& writer : writers_)
                                 writers.push_back(writer.get());
                               return writers;
                             }));
  aggregation_->Start();
  return {};
}

void Agent::PushToAll(const WriteBatchPtr& scraped) {
  const WriteBatchPtr batch = aggregation_ == nullptr ? scraped : aggregation_->Take(scraped);
  std::erase_if(ending_writers_, [](const auto& writer) { return writer->IsIdle(); });
  for (const auto& writer : writers_)
    writer->Push(batch);
}

void Agent::ForgetEnded() {
  std::erase_if(ending_, [](const auto& target) { return !target->is_scraping; });
}

void Agent::Shutdown(std::chrono::milliseconds timeout, std::function<void()> done) {
  on_shut_down_ = std::move(done);
  shutdown_timeout_ = timeout;
  shutdown_timer_ = context_.loop.After(timeout, [this] {
    shutdown_timer_.reset();
    for (const auto& writer : writers_)
      writer->Abandon(DropReason::kShutdown);
    FinishShutdown();
  });
  for (std::unique_ptr<Target>& target : std::exchange(targets_, {})) {
    End(*target);
    ending_.push_back(std::move(target));
  }
  ForgetEnded();
  DrainWhenAllEnded();
}

void Agent::DrainWhenAllEnded() {
  if (!on_shut_down_ || !ending_.empty() || std::exchange(is_draining_, true)) return;
  if (aggregation_ != nullptr) aggregation_->Stop();
  if (writers_.empty()) FinishShutdown();
  for (const auto& writer : writers_) {
    writer->Drain(shutdown_timeout_, [this] {
      if (std::ranges::all_of(writers_, [](const auto& w) { return w->IsIdle(); })) FinishShutdown();
    });
  }
}

void Agent::FinishShutdown() {
  if (const auto timer = std::exchange(shutdown_timer_, std::nullopt); timer)
    context_.loop.CancelTimer(*timer);
  if (const auto done = std::exchange(on_shut_down_, nullptr); done) done();
}

}  // namespace tickscope::agent
