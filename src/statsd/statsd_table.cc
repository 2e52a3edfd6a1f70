#include "statsd/statsd_table.h"

#include <cmath>
#include <utility>

#include "statsd/statsd_names.h"

namespace tickscope::statsd {
namespace {

// Ways to write a series, on average.
constexpr std::size_t kTextsPerSeries = 4;
constexpr double kMillisPerSecond = 1'000;

SeriesKind KindOf(StatsdType type) {
  switch (type) {
    case StatsdType::kCounter:
      return SeriesKind::kCounter;
    case StatsdType::kGauge:
      return SeriesKind::kGauge;
    case StatsdType::kSet:
      return SeriesKind::kSet;
    case StatsdType::kTimer:
    case StatsdType::kHistogram:
    case StatsdType::kDistribution:
      break;
  }
  return SeriesKind::kHistogram;
}

}  // namespace

StatsdTable::StatsdTable(StatsdLimits limits, HistogramForm form, HistogramForms forms,
                         StatsdMetrics& metrics)
    : limits_(limits), form_(std::move(form)), forms_(std::move(forms)), metrics_(metrics) {}

void StatsdTable::Take(std::string_view datagram, TimeMs now_ms) {
  metrics_.datagrams->Add();
  while (!datagram.empty()) {
    const std::size_t end = datagram.find('\n');
    std::string_view line = datagram.substr(0, end);
    datagram.remove_prefix(end == std::string_view::npos ? datagram.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) TakeLine(line, now_ms);
  }
}

void StatsdTable::TakeLine(std::string_view text, TimeMs now_ms) {
  const auto line = ParseStatsdLine(text);
  if (!line) {
    return Refuse(line.error() == LineFault::kMalformed ? StatsdRefusal::kMalformed
                                                        : StatsdRefusal::kUnsupported);
  }
  StatsdSeries* series = nullptr;
  if (line->type == StatsdType::kSet) {
    series = SeriesOf(*line, now_ms);
    if (series != nullptr) TakeMember(line->values, *series);
  } else {
    std::string_view values = line->values;
    while (!values.empty()) {
      const auto value = TakeValue(values);
      const bool falls = value && line->type == StatsdType::kCounter && value->number < 0;
      if (!value || falls) {
        Refuse(StatsdRefusal::kMalformed);
        continue;
      }
      // Only now: what has no value makes no series.
      if (series == nullptr) series = SeriesOf(*line, now_ms);
      if (series == nullptr) return;
      TakeNumber(*line, *value, *series);
    }
  }
  if (series != nullptr) series->updated_ms = now_ms;
}

StatsdSeries* StatsdTable::SeriesOf(const StatsdLine& line, TimeMs now_ms) {
  key_.assign(1, static_cast<char>('0' + static_cast<int>(line.type)));
  key_ += line.name;
  key_ += '|';  // In no name.
  key_ += line.tags;
  if (const auto known = by_text_.find(key_); known != by_text_.end()) return known->second;
  StatsdSeries* const series = Learn(line, now_ms);
  if (series == nullptr) return nullptr;
  if (by_text_.size() >= kTextsPerSeries * limits_.series_max) by_text_.clear();
  by_text_.emplace(key_, series);
  return series;
}

StatsdSeries* StatsdTable::Learn(const StatsdLine& line, TimeMs now_ms) {
  const auto name = MetricNameOf(line.name, line.type);
  auto labels = name ? LabelsOf(*name, line.tags) : std::nullopt;
  if (!labels) {
    Refuse(StatsdRefusal::kMalformed);
    return nullptr;
  }
  const SeriesKind kind = KindOf(line.type);
  const auto family = families_.find(*name);
  if (family != families_.end() && family->second.kind != kind) {
    Refuse(StatsdRefusal::kTypeConflict);
    return nullptr;
  }
  if (const auto known = by_labels_.find(*labels); known != by_labels_.end()) return known->second;
  if (series_.size() >= limits_.series_max) {
    Refuse(StatsdRefusal::kSeriesLimit);
    return nullptr;
  }
  StatsdSeries& series = *series_.emplace_back(std::make_unique<StatsdSeries>());
  series.id = next_id_++;
  series.labels = *std::move(labels);
  series.kind = kind;
  series.created_ms = now_ms;
  if (kind == SeriesKind::kHistogram) {
    const auto form = forms_.find(*name);
    series.histogram = std::make_unique<ValueHistogram>(form == forms_.end() ? form_ : form->second);
  }
  by_labels_.emplace(series.labels, &series);
  Family& of = families_[*name];
  of.kind = kind;
  ++of.series_count;
  metrics_.series->Set(static_cast<double>(series_.size()));
  return &series;
}

void StatsdTable::TakeNumber(const StatsdLine& line, const StatsdValue& value, StatsdSeries& series) {
  metrics_.samples->Add();
  if (series.kind == SeriesKind::kCounter) {
    series.value += value.number / line.rate;
  } else if (series.kind == SeriesKind::kGauge) {
    series.value = value.is_signed ? series.value + value.number : value.number;
  } else {
    series.carry_ += 1 / line.rate;
    const double times = std::floor(series.carry_);
    series.carry_ -= times;
    const bool is_timer = line.type == StatsdType::kTimer;
    series.histogram->Add(is_timer ? value.number / kMillisPerSecond : value.number,
                          static_cast<std::uint64_t>(times));
  }
}

void StatsdTable::TakeMember(std::string_view value, StatsdSeries& series) {
  const std::uint64_t hash = std::hash<std::string_view>()(value);
  if (!series.set_.contains(hash)) {
    if (set_values_ >= limits_.set_values_max) return Refuse(StatsdRefusal::kSetLimit);
    series.set_.insert(hash);
    ++set_values_;
    series.value = static_cast<double>(series.set_.size());
  }
  metrics_.samples->Add();
}

void StatsdTable::Flush(TimeMs now_ms, const Visitor& visitor) {
  bool has_ended = false;
  for (const auto& series : series_) {
    if (now_ms - series->updated_ms > limits_.expire_ms) {
      visitor.on_end(*series);
      metrics_.expired->Add();
      by_labels_.erase(series->labels);
      const auto family = families_.find(std::string(series->labels.metric_name()));
      if (--family->second.series_count == 0) families_.erase(family);
      series->id = 0;
      has_ended = true;
      continue;
    }
    visitor.on_series(*series);
    series->set_.clear();
    if (series->kind == SeriesKind::kSet) series->value = 0;
  }
  set_values_ = 0;
  if (!has_ended) return;
  std::erase_if(by_text_, [](const auto& one) { return one.second->id == 0; });
  std::erase_if(series_, [](const auto& series) { return series->id == 0; });
  metrics_.series->Set(static_cast<double>(series_.size()));
}

}  // namespace tickscope::statsd
