#include "agent/host_source.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "agent/judge_series.h"
#include "agent/target_labels.h"
#include "base/random.h"
#include "model/sample.h"

namespace tickscope::agent {
namespace {

wire::MetricType TypeOf(host::HostType type) {
  switch (type) {
    case host::HostType::kCounter:
      return wire::MetricType::kCounter;
    case host::HostType::kGauge:
      return wire::MetricType::kGauge;
    case host::HostType::kUnknown:
      break;
  }
  return wire::MetricType::kUnknown;
}

std::shared_ptr<const Family> MakeFamily(std::string_view name, wire::MetricType type,
                                         std::string_view help) {
  return std::make_shared<const Family>(
      Family{.name = std::string(name), .type = type, .help = std::string(help), .unit = {}});
}

}  // namespace

HostSource::HostSource(const HostMetricsConfig& config, const std::string& host_name,
                       const Labels& external_labels, io::FileSystem& fs, const io::HostProbe& probe,
                       const Clock& clock, AgentMetrics& metrics, guard::Guard* guard)
    : interval_ms_(config.interval_ms),
      target_(LabelledTarget(config.job_name, config.instance.empty() ? host_name : config.instance,
                             config.labels)),
      external_labels_(external_labels),
      hash_(MixBits(target_.labels.Hash() ^ MixBits(std::hash<std::string>()("host " + config.proc)))),
      clock_(clock),
      metrics_(metrics),
      guard_(guard),
      reader_({.proc = config.proc,
               .root = config.root,
               .per_cpu = config.per_cpu ? host::PerCpu::kEach : host::PerCpu::kSum},
              fs, probe, clock),
      guard_generation_(guard != nullptr ? guard->generation() : 0) {
  report_.name = "host";
  up_ = std::make_shared<const Series>(
      Series{.labels = ReportLabels("up", target_, external_labels_),
             .family = MakeFamily("up", wire::MetricType::kGauge, "Whether the host was read.")});
}

WriteBatchPtr HostSource::Read(TimeMs due_ms) {
  const std::chrono::nanoseconds started = clock_.Monotonic();
  time_ms_ = SampleTimeMs(due_ms, clock_.NowMs());
  batch_ = std::make_shared<WriteBatch>();
  batch_->target_hash = hash_;
  batch_->samples.reserve(last_sample_count_ + last_sample_count_ / 8 + 1);
  batch_->has_new_series = !std::exchange(has_reported_, true);
  ++reading_;
  JudgeAgain();
  batch_->samples.push_back({.series = up_, .time_ms = time_ms_, .value = 1});
  metrics_.host_read_failures->Add(reader_.Read(*this));
  cache_.Commit(reading_, [&](const SeriesCache::Entry& entry) {
    AddStaleMarker(entry.series, entry.ordinal, false, time_ms_, *batch_);
  });
  SortByOrdinal(batch_->samples);
  last_sample_count_ = batch_->samples.size();
  metrics_.scraped_samples->Add(last_sample_count_);
  report_.read_ms = time_ms_;
  report_.seconds = std::chrono::duration<double>(clock_.Monotonic() - started).count();
  report_.samples = last_sample_count_;
  report_.error = last_sample_count_ > 1 ? "" : "nothing can be read";
  return std::exchange(batch_, nullptr);
}

WriteBatchPtr HostSource::End() {
  if (!std::exchange(has_reported_, false)) return nullptr;
  auto batch = std::make_shared<WriteBatch>();
  batch->target_hash = hash_;
  const TimeMs time_ms = clock_.NowMs();
  AddStaleMarker(up_, 0, false, time_ms, *batch);
  cache_.EndAll([&](const SeriesCache::Entry& entry) {
    AddStaleMarker(entry.series, entry.ordinal, false, time_ms, *batch);
  });
  SortByOrdinal(batch->samples);
  return batch;
}

void HostSource::JudgeAgain() {
  if (guard_ == nullptr || guard_->generation() == guard_generation_) return;
  guard_generation_ = guard_->generation();
  cache_.JudgeAgain([&](const Series& series) { return IsRefused(guard_, series); },
                    [&](const SeriesCache::Entry& entry) {
                      AddStaleMarker(entry.series, entry.ordinal, false, time_ms_, *batch_);
                    });
}

void HostSource::Take(const host::HostFamily& family, std::span<const host::HostLabel> labels, double value) {
  key_ = family.name;
  for (const host::HostLabel& label : labels) {
    key_ += '\0';
    key_ += label.value;
  }
  SeriesCache::Entry* entry = cache_.Find(key_);
  if (entry == nullptr) entry = &Learn(family, labels);
  if (entry->seen_in == reading_) return;
  entry->seen_in = reading_;
  entry->seen_time_ms = time_ms_;
  if (entry->is_refused) return metrics_.CountDropped(DropReason::kGuard, 1);
  batch_->samples.push_back(
      {.series = entry->series, .time_ms = time_ms_, .value = value, .ordinal = entry->ordinal});
}

SeriesCache::Entry& HostSource::Learn(const host::HostFamily& family,
                                      std::span<const host::HostLabel> labels) {
  std::shared_ptr<const Family>& described = families_[&family];
  if (described == nullptr) described = MakeFamily(family.name, TypeOf(family.type), family.help);
  LabelsBuilder own;
  own.Set(kMetricName, family.name);
  for (const host::HostLabel& label : labels) {
    std::string value(label.value);
    // A mount's place and a device's name are any bytes.
    if (!IsValidUtf8(value)) std::ranges::replace_if(value, [](char c) { return (c & 0x80) != 0; }, '?');
    own.Set(label.name, value);
  }
  auto series = std::make_shared<const Series>(
      Series{.labels = *ApplyTargetLabels(own.Build(), target_, external_labels_), .family = described});
  if (IsRefused(guard_, *series)) {
    SeriesCache::Entry& refused = cache_.Add(key_, nullptr);
    refused.is_refused = true;
    return refused;
  }
  batch_->has_new_series = true;
  return cache_.Add(key_, std::move(series));
}

}  // namespace tickscope::agent
