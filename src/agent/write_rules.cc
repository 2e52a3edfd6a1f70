#include "agent/write_rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "model/sample.h"

namespace tickscope::agent {

WriteRules::WriteRules(relabel::Relabeler rules, AgentMetrics& metrics)
    : rules_(std::move(rules)), metrics_(&metrics) {}

WriteRules::Judged WriteRules::Judge(const SeriesPtr& given) {
  LabelsBuilder builder(given->labels);
  if (!rules_.Apply(builder)) return {.given = given, .is_dropped = true, .changed = nullptr};
  Labels labels = builder.Build();
  // Without a name it would be no series to any receiver.
  if (labels.metric_name().empty()) return {.given = given, .is_dropped = true, .changed = nullptr};
  std::weak_ptr<const Series>& known = sent_[labels];
  SeriesPtr sent = known.lock();
  has_merged_ = has_merged_ || sent != nullptr;
  if (sent == nullptr) {
    sent = labels == given->labels
               ? given
               : std::make_shared<const Series>(Series{.labels = std::move(labels), .family = given->family});
    known = sent;
  }
  return {.given = given, .is_dropped = false, .changed = sent == given ? nullptr : std::move(sent)};
}

SeriesPtr WriteRules::SentFor(const SeriesPtr& given) {
  Judged& judged = known_[given.get()];
  // The address may be another series' by now.
  if (judged.given.lock() != given) judged = Judge(given);
  if (judged.is_dropped) return nullptr;
  return judged.changed != nullptr ? judged.changed : given;
}

WriteBatchPtr WriteRules::Apply(const WriteBatchPtr& batch) {
  if (rules_.empty() || batch == nullptr) return batch;
  auto out = std::make_shared<WriteBatch>();
  out->target_hash = batch->target_hash;
  out->has_new_series = batch->has_new_series;
  out->samples.reserve(batch->samples.size());
  std::uint64_t dropped = 0;
  for (const BatchSample& sample : batch->samples) {
    SeriesPtr series = SentFor(sample.series);
    if (series == nullptr) {
      ++dropped;
      continue;
    }
    BatchSample& sent = out->samples.emplace_back(sample);
    sent.series = std::move(series);
    if (sample.histogram != kNoHistogram) {
      sent.histogram = static_cast<std::uint32_t>(out->histograms.size());
      out->histograms.push_back(batch->histograms[sample.histogram]);
    }
    sent.exemplar_begin = static_cast<std::uint32_t>(out->exemplars.size());
    const auto first = batch->exemplars.begin() + sample.exemplar_begin;
    out->exemplars.insert(out->exemplars.end(), first, first + sample.exemplar_count);
  }
  metrics_->rules_dropped->Add(dropped);
  if (has_merged_) DropRepeats(*out);
  ForgetEnded();
  return out->samples.empty() ? nullptr : out;
}

void WriteRules::DropRepeats(WriteBatch& batch) {
  std::set<std::pair<const Series*, TimeMs>> seen;
  std::erase_if(batch.samples, [&](const BatchSample& sample) {
    if (seen.emplace(sample.series.get(), sample.time_ms).second) return false;
    if (!IsStaleNan(sample.value)) metrics_->CountDropped(DropReason::kDuplicate, 1);
    return true;
  });
}

void WriteRules::ForgetEnded() {
  if (known_.size() < forget_at_) return;
  std::erase_if(known_, [](const auto& one) { return one.second.given.expired(); });
  std::erase_if(sent_, [](const auto& one) { return one.second.expired(); });
  forget_at_ = std::max<std::size_t>(1'024, 2 * known_.size());
}

}  // namespace tickscope::agent
