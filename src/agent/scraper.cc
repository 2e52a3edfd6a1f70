#include "agent/scraper.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "agent/agent_status.h"
#include "agent/judge_series.h"
#include "agent/target_labels.h"
#include "base/log.h"
#include "base/random.h"
#include "model/sample.h"

namespace tickscope::agent {
namespace {

constexpr std::string_view kReportNames[] = {"up", "scrape_duration_seconds", "scrape_samples_scraped",
                                             "scrape_samples_post_metric_relabeling", "scrape_series_added"};

constexpr std::string_view kCreatedSuffix = "_created";

bool IsSampleOf(std::string_view family, std::string_view series_name) {
  constexpr std::string_view kSuffixes[] = {"",         "_total",  "_bucket", "_count", "_sum",
                                            "_created", "_gcount", "_gsum",   "_info"};
  if (family.empty() || !series_name.starts_with(family)) return false;
  return std::ranges::find(kSuffixes, series_name.substr(family.size())) != std::end(kSuffixes);
}

std::uint64_t HashOf(const Exemplar& exemplar) {
  return exemplar.labels.Hash() ^ MixBits(std::bit_cast<std::uint64_t>(exemplar.value));
}

// Whether a series says when its family's counters began.
bool IsCreated(const Family& family, std::string_view series_name) {
  using wire::MetricType;
  const bool counts = family.type == MetricType::kCounter || family.type == MetricType::kHistogram ||
                      family.type == MetricType::kSummary;
  return counts && series_name.size() == family.name.size() + kCreatedSuffix.size() &&
         series_name.starts_with(family.name) && series_name.ends_with(kCreatedSuffix);
}

std::uint64_t PointHashOf(const Labels& labels) {
  std::vector<LabelView> shared;
  for (const LabelView& label : labels) {
    if (label.name != kMetricName && label.name != "le" && label.name != "quantile") shared.push_back(label);
  }
  return Labels::FromSorted(shared).Hash();
}

ScrapeFailure ScrapeFailureOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable:
      return ScrapeFailure::kUnreachable;
    case ErrorCode::kDeadlineExceeded:
      return ScrapeFailure::kTimeout;
    case ErrorCode::kUnauthenticated:
      return ScrapeFailure::kCertificate;
    case ErrorCode::kPermissionDenied:
      return ScrapeFailure::kStatus;
    case ErrorCode::kOutOfRange:
      return ScrapeFailure::kLimit;
    case ErrorCode::kCorruption:
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnsupported:
      return ScrapeFailure::kMalformed;
    default:
      return ScrapeFailure::kCredentials;
  }
}

}  // namespace

Result<std::unique_ptr<Scraper>> Scraper::Make(TargetConfig config, const Labels& external_labels,
                                               io::Network& network, const Clock& clock,
                                               AgentMetrics& metrics, guard::Guard* guard,
                                               ScrapeAccessPtr access) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(config.url));
  return std::unique_ptr<Scraper>(new Scraper(std::move(config), std::move(url), external_labels, network,
                                              clock, metrics, guard, std::move(access)));
}

Scraper::Scraper(TargetConfig config, http::Url url, const Labels& external_labels, io::Network& network,
                 const Clock& clock, AgentMetrics& metrics, guard::Guard* guard, ScrapeAccessPtr access)
    : config_(std::move(config)),
      url_(std::move(url)),
      external_labels_(external_labels),
      hash_(MixBits(config_.labels.Hash() ^ MixBits(std::hash<std::string>()(config_.url)))),
      clock_(clock),
      metrics_(metrics),
      guard_(guard),
      network_(network),
      access_(std::move(access)) {
  report_.name = WithoutQuery(config_.url);
  for (const std::string_view name : kReportNames) {
    Series series{.labels = ReportLabels(name, config_, external_labels_),
                  .family = std::make_shared<Family>(Family{
                      .name = std::string(name), .type = wire::MetricType::kGauge, .help = "", .unit = ""})};
    report_series_.push_back(std::make_shared<const Series>(std::move(series)));
  }
}

Result<http::Client*> Scraper::Connect() {
  std::shared_ptr<tls::ClientContext> tls;
  if (url_.is_secure && access_ != nullptr) {
    TICKSCOPE_ASSIGN_OR_RETURN(tls, access_->UseTls());
  }
  if (client_ == nullptr) {
    client_ = http::Client::Make(network_, {.connect_timeout = std::chrono::milliseconds(config_.timeout_ms),
                                            .request_timeout = std::chrono::milliseconds(config_.timeout_ms),
                                            .response_bytes_max = config_.body_bytes_max,
                                            .idle_connections_max = 1,
                                            .tls = std::move(tls)});
  }
  return client_.get();
}

WriteBatchPtr Scraper::Read(TimeMs due_ms) {
  const TimeMs time_ms = SampleTimeMs(due_ms, clock_.NowMs());
  const std::chrono::nanoseconds started = clock_.Monotonic();

  auto batch = std::make_shared<WriteBatch>();
  batch->target_hash = hash_;
  batch->samples.reserve(last_sample_count_ + last_sample_count_ / 8 + std::size(kReportNames));
  ++scrape_number_;
  Counts counts;
  const std::vector<SeriesCache::Entry> refused = JudgeAgain();
  const Status outcome = [&]() -> Status {
    TICKSCOPE_ASSIGN_OR_RETURN(http::Client* const client, Connect());
    TICKSCOPE_ASSIGN_OR_RETURN(const ScrapeAnswer answer,
                               FetchExposition(*client, url_, config_, access_.get()));
    return Append(answer, time_ms, *batch, counts);
  }();
  const auto mark_stale = [&](const SeriesCache::Entry& entry) {
    AddStaleMarker(entry.series, entry.ordinal, entry.is_histogram, time_ms, *batch);
  };
  if (outcome) {
    cache_.Commit(scrape_number_, mark_stale);
    ForgetUnusedFamilies();
    metrics_.scraped_samples->Add(counts.scraped);
  } else {
    batch->samples.clear();
    batch->histograms.clear();
    batch->exemplars.clear();
    cache_.EndAll(mark_stale);
  }
  for (const SeriesCache::Entry& entry : refused)
    mark_stale(entry);
  // A marker comes behind the samples: of a series that one of several still has it is a repeat.
  if (has_shared_) DropRepeats(*batch);
  NoteHealth(outcome);
  SortByOrdinal(batch->samples);

  const double seconds = std::chrono::duration<double>(clock_.Monotonic() - started).count();
  metrics_.scrape_seconds->Observe(seconds);
  report_ = {.name = WithoutQuery(config_.url),
             .read_ms = time_ms,
             .seconds = seconds,
             .samples = counts.added,
             .error = outcome ? std::string() : outcome.error().message};
  const double report[std::size(kReportNames)] = {
      outcome ? 1.0 : 0.0, seconds, static_cast<double>(counts.scraped), static_cast<double>(counts.added),
      static_cast<double>(counts.new_series)};
  std::vector<BatchSample> head;
  for (std::size_t i = 0; i < std::size(kReportNames); ++i) {
    head.push_back({.series = report_series_[i], .time_ms = time_ms, .value = report[i]});
  }
  batch->samples.insert(batch->samples.begin(), std::make_move_iterator(head.begin()),
                        std::make_move_iterator(head.end()));
  const bool is_first = !std::exchange(has_reported_, true);
  batch->has_new_series = is_first || counts.new_series != 0;
  last_sample_count_ = batch->samples.size();
  return batch;
}

WriteBatchPtr Scraper::End() {
  if (!std::exchange(has_reported_, false)) return nullptr;
  auto batch = std::make_shared<WriteBatch>();
  batch->target_hash = hash_;
  const TimeMs time_ms = clock_.NowMs();
  for (const SeriesPtr& series : report_series_) {
    batch->samples.push_back({.series = series, .time_ms = time_ms, .value = StaleNan()});
  }
  cache_.EndAll([&](const SeriesCache::Entry& entry) {
    AddStaleMarker(entry.series, entry.ordinal, entry.is_histogram, time_ms, *batch);
  });
  SortByOrdinal(batch->samples);
  return batch;
}

Status Scraper::Append(const ScrapeAnswer& answer, TimeMs time_ms, WriteBatch& batch, Counts& counts) {
  const auto parser = wire::MakeExpositionParser(
      answer.format, answer.body,
      {.native_histograms = config_.native_histograms, .labels_max = config_.labels_max});
  described_ = {};
  point_hashes_.clear();
  may_say_created_ = answer.format == wire::ExpositionFormat::kOpenMetrics;
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(const wire::ExpositionEntry entry, parser->Next());
    if (entry == wire::ExpositionEntry::kEnd) return {};
    if (entry == wire::ExpositionEntry::kSample) {
      TICKSCOPE_RETURN_IF_ERROR(AppendSample(*parser, time_ms, batch, counts));
    } else {
      NoteMetadata(entry, parser->metadata());
    }
  }
}

Status Scraper::AppendSample(const wire::ExpositionParser& parser, TimeMs time_ms, WriteBatch& batch,
                             Counts& counts) {
  const wire::ExpositionSample& sample = parser.sample();
  if (++counts.scraped > config_.samples_max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("sample_limit exceeded: want at most {}", config_.samples_max));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(SeriesCache::Entry * entry, EntryOf(parser, counts));
  if (entry->is_dropped || entry->is_refused) {
    entry->seen_in = scrape_number_;
    if (entry->is_refused) metrics_.CountDropped(DropReason::kGuard, 1);
    return {};
  }
  const bool has_own_time = sample.time_ms.has_value() && config_.honor_timestamps;
  const TimeMs sample_time_ms = has_own_time ? *sample.time_ms : time_ms;
  if (sample_time_ms > time_ms + kFutureMsMax) {
    metrics_.CountDropped(DropReason::kFuture, 1);
    return {};
  }
  if (entry->seen_in == scrape_number_ && entry->seen_time_ms == sample_time_ms) {
    metrics_.CountDropped(DropReason::kDuplicate, 1);
    return {};
  }
  ++counts.added;
  entry->seen_in = scrape_number_;
  entry->seen_time_ms = sample_time_ms;
  entry->has_own_time = has_own_time;
  entry->is_histogram = sample.histogram != nullptr;
  BatchSample out{.series = entry->series,
                  .time_ms = sample_time_ms,
                  .value = sample.value,
                  .start_time_ms = sample.start_time_ms,
                  .ordinal = entry->ordinal};
  if (sample.histogram != nullptr) {
    out.histogram = static_cast<std::uint32_t>(batch.histograms.size());
    batch.histograms.push_back(*sample.histogram);
  }
  out.exemplar_begin = static_cast<std::uint32_t>(batch.exemplars.size());
  AddExemplars(sample, *entry, batch);
  out.exemplar_count = static_cast<std::uint32_t>(batch.exemplars.size()) - out.exemplar_begin;
  if (may_say_created_) {
    if (entry->is_created) NoteCreated(*entry, sample.value, batch);
    point_hashes_.push_back(entry->point_hash);
  }
  batch.samples.push_back(std::move(out));
  return {};
}

void Scraper::NoteCreated(const SeriesCache::Entry& created, double created_s, WriteBatch& batch) const {
  // Times beyond are no clock's.
  constexpr double kCreatedMax = 1e12;
  if (!(created_s > 0 && created_s < kCreatedMax)) return;
  const auto start_ms = static_cast<TimeMs>(std::llround(created_s * 1000));
  for (std::size_t i = batch.samples.size(); i > 0; --i) {
    BatchSample& sample = batch.samples[i - 1];
    const bool is_of_point =
        point_hashes_[i - 1] == created.point_hash && sample.series->family == created.series->family;
    if (!is_of_point) break;
    sample.start_time_ms = start_ms;
  }
}

Result<SeriesCache::Entry*> Scraper::EntryOf(const wire::ExpositionParser& parser, Counts& counts) {
  const std::string_view raw = parser.sample().series;
  if (SeriesCache::Entry* const known = cache_.Find(raw); known != nullptr) return known;
  TICKSCOPE_ASSIGN_OR_RETURN(const Labels scraped, parser.labels());
  std::optional<Labels> labels = ApplyTargetLabels(scraped, config_, external_labels_);
  if (!labels) {
    SeriesCache::Entry& dropped = cache_.Add(raw, nullptr);
    dropped.is_dropped = true;
    return &dropped;
  }
  Series series{.labels = *std::move(labels), .family = FamilyOf(scraped.metric_name())};
  TICKSCOPE_RETURN_IF_ERROR(CheckLabelLimits(series.labels, config_));
  if (IsRefused(guard_, series)) {
    SeriesCache::Entry& refused = cache_.Add(raw, nullptr);
    refused.is_refused = true;
    return &refused;
  }
  ++counts.new_series;
  SeriesCache::Entry& entry = cache_.Add(raw, SharedSeries(std::move(series)));
  entry.point_hash = PointHashOf(scraped);
  entry.is_created = IsCreated(described_, scraped.metric_name());
  return &entry;
}

SeriesPtr Scraper::SharedSeries(Series series) {
  if (config_.metric_rules.empty()) return std::make_shared<const Series>(std::move(series));
  std::weak_ptr<const Series>& known = relabelled_[series.labels];
  SeriesPtr shared = known.lock();
  has_shared_ = has_shared_ || shared != nullptr;
  if (shared == nullptr) {
    shared = std::make_shared<const Series>(std::move(series));
    known = shared;
  }
  return shared;
}

void Scraper::DropRepeats(WriteBatch& batch) {
  std::set<std::pair<const Series*, TimeMs>> seen;
  std::erase_if(batch.samples, [&](const BatchSample& sample) {
    if (seen.emplace(sample.series.get(), sample.time_ms).second) return false;
    if (!IsStaleNan(sample.value)) metrics_.CountDropped(DropReason::kDuplicate, 1);
    return true;
  });
}

std::vector<SeriesCache::Entry> Scraper::JudgeAgain() {
  std::vector<SeriesCache::Entry> refused;
  if (guard_ == nullptr || guard_->generation() == guard_generation_) return refused;
  if (guard_generation_ != 0) {
    cache_.JudgeAgain([&](const Series& series) { return IsRefused(guard_, series); },
                      [&](const SeriesCache::Entry& entry) { refused.push_back(entry); });
  }
  guard_generation_ = guard_->generation();
  return refused;
}

void Scraper::AddExemplars(const wire::ExpositionSample& sample, SeriesCache::Entry& entry,
                           WriteBatch& batch) {
  // A target shows an exemplar until a newer one replaces it; each is sent once.
  TimeMs newest_ms = entry.exemplar_time_ms;
  for (const Exemplar& exemplar : sample.exemplars) {
    const std::uint64_t hash = HashOf(exemplar);
    const bool is_known =
        exemplar.time_ms != 0 ? exemplar.time_ms <= entry.exemplar_time_ms : hash == entry.exemplar_hash;
    if (is_known || (guard_ != nullptr && !guard_->AdmitsExemplar(exemplar.labels))) continue;
    newest_ms = std::max(newest_ms, exemplar.time_ms);
    entry.exemplar_hash = hash;
    Exemplar& out = batch.exemplars.emplace_back(exemplar);
    if (out.time_ms == 0) out.time_ms = entry.seen_time_ms;
  }
  entry.exemplar_time_ms = newest_ms;
}

void Scraper::NoteMetadata(wire::ExpositionEntry kind, const wire::ExpositionMetadata& metadata) {
  if (described_.name != metadata.family) {
    described_.name = metadata.family;
    described_.type = wire::MetricType::kUnknown;
    described_.help.clear();
    described_.unit.clear();
  }
  if (kind == wire::ExpositionEntry::kHelp)
    described_.help =
        guard_ != nullptr ? guard_->CleanHelp(std::string(metadata.text)) : std::string(metadata.text);
  if (kind == wire::ExpositionEntry::kUnit) described_.unit = metadata.text;
  if (kind == wire::ExpositionEntry::kType) described_.type = metadata.type;
}

std::shared_ptr<const Family> Scraper::FamilyOf(std::string_view series_name) {
  if (!IsSampleOf(described_.name, series_name)) return nullptr;
  std::weak_ptr<const Family>& known = families_[described_.name];
  std::shared_ptr<const Family> family = known.lock();
  if (family == nullptr || *family != described_) {
    family = std::make_shared<const Family>(described_);
    known = family;
  }
  return family;
}

void Scraper::ForgetUnusedFamilies() {
  const std::size_t enough = 2 * cache_.size() + 64;
  const auto is_unused = [](const auto& item) { return item.second.expired(); };
  if (families_.size() > enough) std::erase_if(families_, is_unused);
  if (relabelled_.size() > enough) std::erase_if(relabelled_, is_unused);
}

void Scraper::NoteHealth(const Status& outcome) {
  (outcome ? metrics_.scrapes_ok : metrics_.scrapes_failed)->Add();
  if (!outcome) metrics_.scrape_failures(ScrapeFailureOf(outcome.error().code)).Add();
  if (outcome.has_value() == was_healthy_) return;
  was_healthy_ = outcome.has_value();
  if (was_healthy_) {
    Log(LogLevel::kInfo, "target is up again", {{"url", config_.url}});
  } else {
    Log(LogLevel::kWarn, "target is down", {{"url", config_.url}, {"error", outcome.error().message}});
  }
}

}  // namespace tickscope::agent
