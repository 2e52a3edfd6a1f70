#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace tickscope {
namespace {

void AppendEscaped(std::string_view value, std::string& out) {
  for (const char c : value) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '"') {
      out += "\\\"";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

// One sample line. `extra` is a label that is not part of the series, such as le.
void AppendSample(std::string_view name, std::string_view suffix, const MetricLabels& labels,
                  std::string_view extra_name, std::string_view extra_value, std::string_view value,
                  std::string& out) {
  out.append(name).append(suffix);
  if (!labels.empty() || !extra_name.empty()) {
    out += '{';
    bool first = true;
    const auto append_label = [&](std::string_view label, std::string_view text) {
      if (!first) out += ',';
      first = false;
      out.append(label).append("=\"");
      AppendEscaped(text, out);
      out += '"';
    };
    for (const auto& [label, text] : labels)
      append_label(label, text);
    if (!extra_name.empty()) append_label(extra_name, extra_value);
    out += '}';
  }
  out += ' ';
  out.append(value);
  out += '\n';
}

}  // namespace

HistogramMetric::HistogramMetric(std::span<const double> upper_bounds)
    : bounds_(upper_bounds.begin(), upper_bounds.end()),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(upper_bounds.size() + 1)) {}

void HistogramMetric::Observe(double v) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), v) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(v, std::memory_order_relaxed);
}

std::vector<std::uint64_t> HistogramMetric::bucket_counts() const {
  std::vector<std::uint64_t> counts(bounds_.size() + 1);
  for (std::size_t i = 0; i < counts.size(); ++i)
    counts[i] = counts_[i].load(std::memory_order_relaxed);
  return counts;
}

MetricRegistry::Series& MetricRegistry::SeriesFor(Kind kind, std::string_view name, std::string_view help,
                                                  MetricLabels labels) {
  auto found = families_.find(name);
  if (found == families_.end()) {
    found = families_.emplace(std::string(name), Family{kind, std::string(help), {}}).first;
  }
  TICKSCOPE_CHECK(found->second.kind == kind);
  return found->second.series[std::move(labels)];
}

Counter* MetricRegistry::AddCounter(std::string_view name, std::string_view help, MetricLabels labels) {
  const MutexLock lock(mu_);
  Series& series = SeriesFor(Kind::kCounter, name, help, std::move(labels));
  if (!series.counter) series.counter = std::make_unique<Counter>();
  return series.counter.get();
}

Gauge* MetricRegistry::AddGauge(std::string_view name, std::string_view help, MetricLabels labels) {
  const MutexLock lock(mu_);
  Series& series = SeriesFor(Kind::kGauge, name, help, std::move(labels));
  if (!series.gauge) series.gauge = std::make_unique<Gauge>();
  return series.gauge.get();
}

HistogramMetric* MetricRegistry::AddHistogram(std::string_view name, std::string_view help,
                                              MetricLabels labels, std::span<const double> upper_bounds) {
  const MutexLock lock(mu_);
  Series& series = SeriesFor(Kind::kHistogram, name, help, std::move(labels));
  if (!series.histogram) series.histogram = std::make_unique<HistogramMetric>(upper_bounds);
  return series.histogram.get();
}

void MetricRegistry::AddCallbackGauge(std::string_view name, std::string_view help, MetricLabels labels,
                                      std::function<double()> read) {
  const MutexLock lock(mu_);
  SeriesFor(Kind::kGauge, name, help, std::move(labels)).read = std::move(read);
}

std::string MetricRegistry::RenderText() const {
  std::string out;
  const MutexLock lock(mu_);
  for (const auto& [name, family] : families_) {
    constexpr std::string_view kKindNames[] = {"counter", "gauge", "histogram"};
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, family.help, name,
                   kKindNames[static_cast<std::size_t>(family.kind)]);
    for (const auto& [labels, series] : family.series) {
      if (series.counter)
        AppendSample(name, "", labels, "", "", fmt::format("{}", series.counter->value()), out);
      if (series.gauge) AppendSample(name, "", labels, "", "", fmt::format("{}", series.gauge->value()), out);
      if (series.read) AppendSample(name, "", labels, "", "", fmt::format("{}", series.read()), out);
      if (series.histogram) {
        const std::vector<std::uint64_t> counts = series.histogram->bucket_counts();
        const std::span<const double> bounds = series.histogram->upper_bounds();
        std::uint64_t cumulative = 0;
        for (std::size_t i = 0; i < counts.size(); ++i) {
          cumulative += counts[i];
          AppendSample(name, "_bucket", labels, "le",
                       i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf",
                       fmt::format("{}", cumulative), out);
        }
        AppendSample(name, "_sum", labels, "", "", fmt::format("{}", series.histogram->sum()), out);
        AppendSample(name, "_count", labels, "", "", fmt::format("{}", cumulative), out);
      }
    }
  }
  return out;
}

}  // namespace tickscope
