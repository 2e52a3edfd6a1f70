#include "agent/otlp_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/external_labels.h"
#include "agent/judge_series.h"
#include "agent/scraper.h"
#include "base/civil_time.h"
#include "codec/histogram_codec.h"
#include "ingest/exemplar_rules.h"

namespace tickscope::agent {
namespace {

// Older is a sender's bug, as the gateway has it.
constexpr std::int64_t kPastMsMax = 3650LL * 24 * 3'600'000;
// Type, help and unit go out again after this, for receivers that began anew.
constexpr std::int64_t kDescribeMs = 300'000;
constexpr std::int64_t kSweepMs = 60'000;
// Who sends ever new ones that are refused has them judged again now and then.
constexpr std::size_t kRefusedKeysMax = 10'000;
// What one large request blew up is not kept.
constexpr std::size_t kMessageBytesKept = 1U << 20;
// Help is for people.
constexpr std::size_t kHelpBytesMax = 1'024;
constexpr std::size_t kMessagesMax = 5;
constexpr std::size_t kFamiliesKept = 64;
constexpr std::uint64_t kTargetHash = 0x6f746c706f746c70ULL;  // All go by one shard, in order.

std::string CutText(std::string_view text) {
  text = text.substr(0, kHelpBytesMax);
  while (!IsValidUtf8(text))
    text.remove_suffix(1);
  return std::string(text);
}

// The family of a series: histograms and summaries have several names.
std::string_view FamilyName(std::string_view metric, wire::MetricType type) {
  if (type != wire::MetricType::kHistogram && type != wire::MetricType::kSummary) return metric;
  for (const std::string_view suffix : {"_bucket", "_count", "_sum"}) {
    if (metric.ends_with(suffix)) return metric.substr(0, metric.size() - suffix.size());
  }
  return metric;
}

}  // namespace

struct OtlpSeries::Work {
  std::shared_ptr<WriteBatch> batch;
  TimeMs now_ms = 0;
  std::uint64_t samples = 0;  // Offered.
  std::uint64_t refused_samples = 0;
  std::uint64_t refused_points = 0;
  std::optional<std::uint32_t> refused_position;  // The last that lost anything.
  std::vector<std::string> messages;
};

OtlpSeries::OtlpSeries(const OtlpConfig& config, const Labels& external_labels, const AgentContext& context,
                       OtlpMetrics& metrics)
    : config_(config),
      labels_(WithExternalLabels(config.labels, external_labels)),
      context_(context),
      metrics_(metrics),
      seed_(context.random.Next()),
      sums_(context.clock, config.delta),
      guard_generation_(context.guard != nullptr ? context.guard->generation() : 0) {}

void OtlpSeries::JudgeAgain() {
  if (context_.guard == nullptr || context_.guard->generation() == guard_generation_) return;
  guard_generation_ = context_.guard->generation();
  entries_.clear();
  refused_keys_.clear();
}

Result<OtlpSeries::Taken> OtlpSeries::Take(std::string_view message) {
  if (request_ == nullptr) {
    request_ = std::make_unique<otlp::MetricsRequest>(config_.translation, seed_);
    if (config_.delta.series_max > 0) request_->AddDeltasTo(&sums_, nullptr, TenantId(kDefaultTenant));
  }
  TICKSCOPE_RETURN_IF_ERROR(request_->Decode(message));
  JudgeAgain();
  Work work{.batch = std::make_shared<WriteBatch>(), .now_ms = context_.clock.NowMs()};
  Sweep(work.now_ms);
  metrics_.points->Add(request_->point_count());
  for (std::size_t i = 0; i < otlp::kRefusals; ++i)
    metrics_.refused_points(static_cast<otlp::Refusal>(i)).Add(request_->refused()[i]);
  work.batch->target_hash = kTargetHash;
  work.batch->samples.reserve(request_->values().size() + request_->histograms().size());
  for (const wire::ReceivedSeries& series : request_->series())
    Append(series, work);

  Taken taken{.batch = nullptr,
              .refused = request_->refused_total() + work.refused_points,
              .message = request_->Explanation()};
  if (work.refused_samples > 0) {
    if (!taken.message.empty()) taken.message += "; ";
    taken.message += fmt::format("{} of {} samples not written: {}{}", work.refused_samples, work.samples,
                                 fmt::join(work.messages, "; "),
                                 work.refused_samples > work.messages.size() ? "; ..." : "");
  }
  if (!work.batch->samples.empty()) {
    context_.metrics.scraped_samples->Add(work.batch->samples.size());
    taken.batch = std::move(work.batch);
  }
  metrics_.series->Set(static_cast<double>(entries_.size()));
  if (message.size() > kMessageBytesKept) request_.reset();
  return taken;
}

void OtlpSeries::Sweep(TimeMs now_ms) {
  if (now_ms >= swept_ms_ && now_ms - swept_ms_ < kSweepMs) return;
  swept_ms_ = now_ms;
  std::erase_if(entries_, [&](const auto& item) { return now_ms - item.second.seen_ms > config_.idle_ms; });
}

void OtlpSeries::Append(const wire::ReceivedSeries& series, Work& work) {
  const std::uint64_t count = series.sample_count + series.histogram_count;
  if (!series.is_derived) work.samples += count;
  const auto found = EntryOf(series, work.now_ms);
  if (!found) return Refuse(series, count, found.error(), work);
  Entry& entry = **found;
  entry.seen_ms = work.now_ms;
  if (work.now_ms - entry.described_ms >= kDescribeMs) {
    entry.described_ms = work.now_ms;
    work.batch->has_new_series = true;
  }
  bool is_first = true;
  const auto add = [&](TimeMs time_ms, TimeMs start_ms) -> BatchSample* {
    if (const auto refused = CheckTime(time_ms, work)) {
      Refuse(series, 1, *refused, work);
      return nullptr;
    }
    BatchSample& sample = work.batch->samples.emplace_back();
    sample.series = entry.series;
    sample.time_ms = time_ms;
    sample.start_time_ms = start_ms;
    sample.ordinal = entry.ordinal;
    if (std::exchange(is_first, false) && series.exemplar_count > 0) AppendExemplars(series, sample, work);
    return &sample;
  };
  const otlp::MetricsRequest& request = *request_;
  for (std::uint32_t i = series.first_sample; i < series.first_sample + series.sample_count; ++i) {
    const TimeMs start_ms = request.starts_ms().empty() ? 0 : request.starts_ms()[i];
    if (BatchSample* const sample = add(request.times_ms()[i], start_ms)) sample->value = request.values()[i];
  }
  for (std::uint32_t i = series.first_histogram; i < series.first_histogram + series.histogram_count; ++i) {
    const wire::ReceivedHistogram& received = request.histograms()[i];
    if (const Status valid = codec::ValidateHistogram(*received.histogram); !valid) {
      Refuse(series, 1, {OtlpRefusal::kBadHistogram, valid.error().message}, work);
    } else if (BatchSample* const sample = add(received.time_ms, received.start_ms)) {
      sample->histogram = static_cast<std::uint32_t>(work.batch->histograms.size());
      work.batch->histograms.push_back(*received.histogram);
    }
  }
}

void OtlpSeries::AppendExemplars(const wire::ReceivedSeries& series, BatchSample& sample, Work& work) {
  sample.exemplar_begin = static_cast<std::uint32_t>(work.batch->exemplars.size());
  for (std::uint32_t i = 0; i < series.exemplar_count; ++i) {
    // An exemplar illustrates a sample and is none: without it the sample is still good.
    if (!request_->ReadExemplar(series, i, exemplar_buffer_)) continue;
    Result<Labels> labels = ingest::MakeExemplarLabels(exemplar_buffer_.labels);
    if (!labels || exemplar_buffer_.time_ms > work.now_ms + kFutureMsMax) continue;
    if (context_.guard != nullptr && !context_.guard->AdmitsExemplar(*labels)) continue;
    const TimeMs time_ms = exemplar_buffer_.time_ms != 0 ? exemplar_buffer_.time_ms : sample.time_ms;
    work.batch->exemplars.push_back({*std::move(labels), exemplar_buffer_.value, time_ms});
  }
  sample.exemplar_count = static_cast<std::uint32_t>(work.batch->exemplars.size()) - sample.exemplar_begin;
}

std::expected<OtlpSeries::Entry*, OtlpSeries::Refused> OtlpSeries::EntryOf(const wire::ReceivedSeries& series,
                                                                           TimeMs now_ms) {
  if (const auto known = entries_.find(series.key); known != entries_.end()) return &known->second;
  if (refused_keys_.contains(series.key))
    return std::unexpected(Refused{OtlpRefusal::kGuard, "refused by the guard before"});
  // Before it costs anything more.
  if (entries_.size() >= config_.series_max) {
    return std::unexpected(
        Refused{OtlpRefusal::kSeriesLimit,
                fmt::format("too many series: the agent takes {} (otlp.series_limit)", config_.series_max)});
  }
  auto made = SeriesOf(series);
  if (!made) {
    if (made.error().reason == OtlpRefusal::kGuard) {
      if (refused_keys_.size() >= kRefusedKeysMax) refused_keys_.clear();
      refused_keys_.insert(series.key);
    }
    return std::unexpected(std::move(made).error());
  }
  return &entries_
              .emplace(series.key, Entry{.series = *std::move(made),
                                         .ordinal = next_ordinal_++,
                                         .seen_ms = now_ms,
                                         .described_ms = now_ms - kDescribeMs})
              .first->second;
}

std::expected<SeriesPtr, OtlpSeries::Refused> OtlpSeries::SeriesOf(const wire::ReceivedSeries& series) {
  const auto bad_labels = [](const Error& error) {
    return std::unexpected(Refused{OtlpRefusal::kBadLabels, error.message});
  };
  if (const Status read = request_->ReadLabels(series, label_buffer_); !read) return bad_labels(read.error());
  if (const Status good = ingest::NormalizeLabels(limits_, label_buffer_); !good)
    return bad_labels(good.error());
  Result<MetricMetadata> metadata = request_->ReadMetadata(series);
  if (!metadata) return bad_labels(metadata.error());
  Series made{.labels = WithExternalLabels(Labels::FromSorted(label_buffer_), labels_), .family = nullptr};
  made.family = FamilyOf(made.labels.metric_name(), *std::move(metadata));
  if (auto rejection = Judge(context_.guard, made))
    return std::unexpected(Refused{OtlpRefusal::kGuard, std::move(rejection->message)});
  return std::make_shared<const Series>(std::move(made));
}

std::shared_ptr<const Family> OtlpSeries::FamilyOf(std::string_view metric, MetricMetadata metadata) {
  const auto type = wire::MetricTypeFromName(metadata.type).value_or(wire::MetricType::kUnknown);
  Family family{.name = std::string(FamilyName(metric, type)),
                .type = type,
                .help = CutText(metadata.help),
                .unit = CutText(metadata.unit)};
  // Those of series that were refused are nobody's.
  if (families_.size() > 2 * entries_.size() + kFamiliesKept)
    std::erase_if(families_, [](const auto& item) { return item.second.expired(); });
  std::weak_ptr<const Family>& known = families_[family.name];
  std::shared_ptr<const Family> shared = known.lock();
  if (context_.guard != nullptr) family.help = context_.guard->CleanHelp(std::move(family.help));
  if (shared == nullptr || *shared != family) {
    shared = std::make_shared<const Family>(std::move(family));
    known = shared;
  }
  return shared;
}

std::optional<OtlpSeries::Refused> OtlpSeries::CheckTime(TimeMs time_ms, const Work& work) {
  const TimeMs min_ms = work.now_ms - kPastMsMax;
  const TimeMs max_ms = work.now_ms + kFutureMsMax;
  if (time_ms >= min_ms && time_ms <= max_ms) return std::nullopt;
  const bool is_future = time_ms > max_ms;
  return Refused{is_future ? OtlpRefusal::kInFuture : OtlpRefusal::kInPast,
                 fmt::format("sample too far in the {}: got {}, want at {} {}", is_future ? "future" : "past",
                             FormatUtcTime(time_ms), is_future ? "most" : "least",
                             FormatUtcTime(is_future ? max_ms : min_ms))};
}

void OtlpSeries::Refuse(const wire::ReceivedSeries& series, std::uint64_t samples, const Refused& refused,
                        Work& work) {
  if (refused.reason == OtlpRefusal::kGuard) context_.metrics.CountDropped(DropReason::kGuard, samples);
  if (refused.reason == OtlpRefusal::kInFuture) context_.metrics.CountDropped(DropReason::kFuture, samples);
  // Nothing of the sender's is lost with what was made of it.
  if (series.is_derived) return;
  work.refused_samples += samples;
  if (work.messages.size() < kMessagesMax)
    work.messages.push_back(fmt::format("series {}: {}", series.position, refused.why));
  if (work.refused_position == series.position) return;
  work.refused_position = series.position;
  ++work.refused_points;
  metrics_.refused_points(refused.reason).Add();
}

}  // namespace tickscope::agent
