#include "agent/statsd_source.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "agent/judge_series.h"
#include "agent/target_labels.h"
#include "base/log.h"
#include "base/random.h"
#include "wire/openmetrics_float.h"

namespace tickscope::agent {
namespace {

using statsd::SeriesKind;
using statsd::StatsdSeries;

wire::MetricType TypeOf(SeriesKind kind) {
  switch (kind) {
    case SeriesKind::kCounter:
      return wire::MetricType::kCounter;
    case SeriesKind::kHistogram:
      return wire::MetricType::kHistogram;
    case SeriesKind::kGauge:
    case SeriesKind::kSet:
      break;
  }
  return wire::MetricType::kGauge;
}

}  // namespace

StatsdSource::StatsdSource(const StatsdConfig& config, const Labels& external_labels,
                           const AgentContext& context)
    : interval_ms_(config.interval_ms),
      target_(LabelledTarget(config.job_name, config.instance.empty() ? context.host_name : config.instance,
                             config.labels)),
      external_labels_(external_labels),
      hash_(MixBits(target_.labels.Hash() ^
                    MixBits(std::hash<std::string>()(config.udp + config.unix_socket)))),
      context_(context),
      metrics_(*context.registry),
      table_({.series_max = config.series_max,
              .set_values_max = config.set_values_max,
              .expire_ms = config.expire_ms},
             {.bounds = config.buckets},
             context.histogram_forms != nullptr ? *context.histogram_forms : statsd::HistogramForms(),
             metrics_),
      guard_generation_(context.guard != nullptr ? context.guard->generation() : 0) {}

Result<std::unique_ptr<StatsdSource>> StatsdSource::Make(const StatsdConfig& config,
                                                         const Labels& external_labels,
                                                         const AgentContext& context,
                                                         StatsdSockets& sockets) {
  auto source = std::unique_ptr<StatsdSource>(new StatsdSource(config, external_labels, context));
  if (!config.udp.empty()) TICKSCOPE_RETURN_IF_ERROR(source->Open(sockets, config.udp));
  if (!config.unix_socket.empty())
    TICKSCOPE_RETURN_IF_ERROR(source->Open(sockets, std::string(io::kUnixPrefix) + config.unix_socket));
  source->report_.name = "statsd";
  for (const std::string& address : source->addresses())
    source->report_.name.append(" ").append(address);
  return source;
}

StatsdSource::~StatsdSource() {
  for (const Input& input : inputs_)
    input.socket->Leave(this);
}

Status StatsdSource::Open(StatsdSockets& sockets, const std::string& address) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto socket, sockets.Open(*context_.datagrams, context_.loop, address));
  inputs_.push_back({.socket = std::move(socket)});
  return {};
}

void StatsdSource::Begin() {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    inputs_[i].lost = inputs_[i].socket->lost_count();
    inputs_[i].socket->Feed(this, [this, i](ByteView datagram) { OnDatagram(i, datagram); });
  }
}

std::vector<std::string> StatsdSource::addresses() const {
  std::vector<std::string> addresses;
  addresses.reserve(inputs_.size());
  for (const Input& input : inputs_)
    addresses.push_back(input.socket->local_address());
  return addresses;
}

void StatsdSource::OnDatagram(std::size_t input, ByteView datagram) {
  Input& from = inputs_[input];
  const std::uint64_t lost = from.socket->lost_count();
  metrics_.lost_datagrams->Add(lost - std::exchange(from.lost, lost));
  const MutexLock lock(mu_);
  has_news_ = true;
  table_.Take(AsText(datagram), context_.clock.NowMs());
}

WriteBatchPtr StatsdSource::Read(TimeMs due_ms) {
  const std::chrono::nanoseconds started = context_.clock.Monotonic();
  time_ms_ = SampleTimeMs(due_ms, context_.clock.NowMs());
  auto batch = std::make_shared<WriteBatch>();
  batch->target_hash = hash_;
  batch->samples.reserve(sent_.size());
  JudgeAgain(*batch);
  Flush(time_ms_, *batch);
  if (sent_.empty()) families_.clear();
  SortByOrdinal(batch->samples);
  report_.read_ms = time_ms_;
  report_.seconds = std::chrono::duration<double>(context_.clock.Monotonic() - started).count();
  report_.samples = batch->samples.size();
  if (batch->samples.empty()) return nullptr;
  context_.metrics.scraped_samples->Add(batch->samples.size());
  return batch;
}

void StatsdSource::Flush(TimeMs time_ms, WriteBatch& batch) {
  const MutexLock lock(mu_);
  has_news_ = false;
  table_.Flush(time_ms, {.on_series = [&](const StatsdSeries& series) { Append(series, batch); },
                         .on_end =
                             [&](const StatsdSeries& series) {
                               const auto sent = sent_.find(series.id);
                               if (sent == sent_.end()) return;
                               AppendEnd(sent->second, time_ms, batch);
                               sent_.erase(sent);
                             }});
}

bool StatsdSource::HasNews() {
  const MutexLock lock(mu_);
  return has_news_;
}

WriteBatchPtr StatsdSource::End() {
  auto batch = std::make_shared<WriteBatch>();
  batch->target_hash = hash_;
  TimeMs end_ms = context_.clock.NowMs();
  if (HasNews()) {
    // What came since the last read, before the markers and behind what was read.
    time_ms_ = std::max(end_ms - 1, time_ms_ + 1);
    end_ms = time_ms_ + 1;
    Flush(time_ms_, *batch);
    context_.metrics.scraped_samples->Add(batch->samples.size());
  }
  for (const auto& [id, sent] : sent_)
    AppendEnd(sent, end_ms, *batch);
  sent_.clear();
  SortByOrdinal(batch->samples);
  return batch->samples.empty() ? nullptr : batch;
}

void StatsdSource::AppendEnd(const Sent& sent, TimeMs time_ms, WriteBatch& batch) const {
  if (sent.is_refused) return;
  for (std::size_t i = 0; i < sent.parts.size(); ++i)
    AddStaleMarker(sent.parts[i], sent.ordinal + static_cast<std::uint32_t>(i), sent.is_native, time_ms,
                   batch);
}

StatsdSource::Sent StatsdSource::Learn(const StatsdSeries& series) {
  Sent sent{.parts = {}, .ordinal = next_ordinal_};
  const std::string name(series.labels.metric_name());
  std::shared_ptr<const Family>& family = families_[name];
  if (family == nullptr)
    family = std::make_shared<const Family>(
        Family{.name = name, .type = TypeOf(series.kind), .help = {}, .unit = {}});
  LabelsBuilder own(series.labels);
  const auto add = [&](std::string_view suffix) {
    own.Set(kMetricName, name + std::string(suffix));
    sent.parts.push_back(std::make_shared<const Series>(
        Series{.labels = *ApplyTargetLabels(own.Build(), target_, external_labels_), .family = family}));
  };
  sent.is_native = series.histogram != nullptr && series.histogram->is_native();
  if (series.histogram == nullptr || sent.is_native) {
    add("");
  } else {
    add("_count");
    add("_sum");
    for (std::size_t i = 0; i <= series.histogram->bounds().size(); ++i) {
      const bool is_last = i == series.histogram->bounds().size();
      std::string le;
      wire::AppendOpenMetricsFloat(
          is_last ? std::numeric_limits<double>::infinity() : series.histogram->bounds()[i], le);
      own.Set("le", le);
      add("_bucket");
    }
  }
  next_ordinal_ += static_cast<std::uint32_t>(sent.parts.size());
  Judge(sent);
  return sent;
}

void StatsdSource::Judge(Sent& sent) const {
  sent.is_refused = false;
  for (const SeriesPtr& part : sent.parts)
    sent.is_refused = IsRefused(context_.guard, *part) || sent.is_refused;
}

void StatsdSource::JudgeAgain(WriteBatch& batch) {
  if (context_.guard == nullptr || context_.guard->generation() == guard_generation_) return;
  guard_generation_ = context_.guard->generation();
  for (auto& [id, sent] : sent_) {
    const Sent before = sent;
    Judge(sent);
    if (sent.is_refused && !before.is_refused) AppendEnd(before, time_ms_, batch);
    if (before.is_refused && !sent.is_refused) batch.has_new_series = true;
  }
}

void StatsdSource::Append(const StatsdSeries& series, WriteBatch& batch) {
  auto known = sent_.find(series.id);
  if (known == sent_.end()) {
    known = sent_.emplace(series.id, Learn(series)).first;
    batch.has_new_series = true;
  }
  const Sent& sent = known->second;
  if (sent.is_refused) return context_.metrics.CountDropped(DropReason::kGuard, sent.parts.size());
  const bool is_gauge = series.kind == SeriesKind::kGauge || series.kind == SeriesKind::kSet;
  std::size_t next = 0;
  const auto add = [&](double value) -> BatchSample& {
    BatchSample& sample = batch.samples.emplace_back();
    sample.series = sent.parts[next];
    sample.time_ms = time_ms_;
    sample.value = value;
    sample.start_time_ms = is_gauge || series.created_ms > time_ms_ ? 0 : series.created_ms;
    sample.ordinal = sent.ordinal + static_cast<std::uint32_t>(next++);
    return sample;
  };
  if (series.histogram == nullptr) {
    add(series.value);
  } else if (sent.is_native) {
    add(0).histogram = static_cast<std::uint32_t>(batch.histograms.size());
    batch.histograms.push_back(series.histogram->ToNative());
  } else {
    add(static_cast<double>(series.histogram->count()));
    add(series.histogram->sum());
    std::uint64_t below = 0;
    for (const std::uint64_t count : series.histogram->counts())
      add(static_cast<double>(below += count));
  }
}

}  // namespace tickscope::agent
