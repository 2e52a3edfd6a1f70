// Random series for tests of rollups: counters with resets, gauges, decimals, gaps, staleness markers, NaN and infinities,
// native histograms with changing resolution, custom bounds, and all of it mixed.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "base/random.h"
#include "model/queryable.h"
#include "model/sample.h"

namespace tickscope::rollup {

enum class SeriesKind : std::uint8_t {
  kCounter,
  kGauge,
  kDecimals,
  kConstant,
  kOddities,
  kOnePerMinute,
  kHistograms,
  kCustomHistograms,
  kMixed,
};
inline constexpr std::size_t kSeriesKinds = 9;

class RandomSeries {
 public:
  RandomSeries(std::uint64_t seed, SeriesKind kind) : random_(seed), kind_(kind) {}

  /// Samples in (start, end], about one each ten seconds, with gaps of seconds to hours.
  [[nodiscard]] SampleColumns Make(TimeMs start_ms, TimeMs end_ms) {
    const std::int64_t step_ms = kind_ == SeriesKind::kOnePerMinute ? 60'000 : 10'000;
    const bool is_on_grid = random_.Below(2) == 0;
    SampleColumns samples;
    TimeMs time_ms = start_ms;
    while (true) {
      time_ms += step_ms;
      if (random_.Below(50) == 0) time_ms += static_cast<TimeMs>(random_.Below(40)) * step_ms;
      if (random_.Below(400) == 0) time_ms += static_cast<TimeMs>(random_.Below(1200)) * step_ms;
      const TimeMs at = is_on_grid ? time_ms : time_ms - static_cast<TimeMs>(random_.Below(9'000));
      if (at > end_ms) break;
      Push(at, samples);
    }
    if (std::ranges::all_of(samples.histograms, [](const HistogramPtr& h) { return h == nullptr; }))
      samples.histograms.clear();
    return samples;
  }

 private:
  void Push(TimeMs time_ms, SampleColumns& samples) {
    samples.times_ms.push_back(time_ms);
    HistogramPtr histogram;
    double value = 0;
    if (random_.Below(40) == 0) holds_histograms_ = !holds_histograms_;
    const bool is_histogram = kind_ == SeriesKind::kHistograms || kind_ == SeriesKind::kCustomHistograms ||
                              (kind_ == SeriesKind::kMixed && holds_histograms_);
    if (is_histogram) {
      histogram = NextHistogram();
    } else {
      value = NextValue();
    }
    samples.values.push_back(value);
    samples.histograms.push_back(std::move(histogram));
  }

  double NextValue() {
    if (kind_ != SeriesKind::kConstant && random_.Below(60) == 0) return StaleNan();
    switch (kind_) {
      case SeriesKind::kCounter:
      case SeriesKind::kMixed:
      case SeriesKind::kOnePerMinute:
        value_ = random_.Below(80) == 0 ? static_cast<double>(random_.Below(5))
                                        : value_ + static_cast<double>(random_.Below(9));
        return value_;
      case SeriesKind::kGauge:
        return (random_.Unit() - 0.3) * 1e3;
      case SeriesKind::kDecimals:
        value_ = random_.Below(80) == 0 ? 0 : value_ + static_cast<double>(random_.Below(900));
        return value_ / 100;
      case SeriesKind::kConstant:
        return 0.1;
      default:
        break;
    }
    switch (random_.Below(20)) {
      case 0:
      case 1:
        return std::numeric_limits<double>::quiet_NaN();
      case 2:
        return -0.0;
      case 3:
        return random_.Below(8) == 0 ? std::numeric_limits<double>::infinity() : 0;
      default:
        return static_cast<double>(random_.Below(100)) - 20;
    }
  }

  HistogramPtr NextHistogram() {
    if (random_.Below(60) == 0) {
      Histogram marker;
      marker.sum = StaleNan();
      return std::make_shared<const Histogram>(marker);
    }
    const bool is_custom =
        kind_ == SeriesKind::kCustomHistograms || (kind_ == SeriesKind::kMixed && random_.Below(12) == 0);
    if (random_.Below(50) == 0 || (!is_custom && current_.schema == kCustomBoundsSchema) ||
        (is_custom && current_.schema != kCustomBoundsSchema))
      Restart(is_custom);
    current_.reset_hint = random_.Below(3) == 0 ? ResetHint::kNotReset : ResetHint::kUnknown;
    if (is_restarted_ && random_.Below(2) == 0) current_.reset_hint = ResetHint::kReset;
    if (is_restarted_ && current_.reset_hint == ResetHint::kNotReset)
      current_.reset_hint = ResetHint::kUnknown;
    is_restarted_ = false;
    for (double& count : current_.positive_buckets) {
      const auto more = static_cast<double>(random_.Below(6));
      count += more;
      current_.count += more;
      current_.sum += more * 0.125;
    }
    if (!is_custom) {
      const auto more = static_cast<double>(random_.Below(3));
      current_.zero_count += more;
      current_.count += more;
    }
    return std::make_shared<const Histogram>(current_);
  }

  void Restart(bool is_custom) {
    is_restarted_ = true;
    current_ = Histogram();
    const std::size_t buckets = 1 + random_.Below(6);
    current_.positive_buckets.assign(buckets, 0);
    if (is_custom) {
      current_.schema = kCustomBoundsSchema;
      current_.positive_spans = {{0, static_cast<std::uint32_t>(buckets)}};
      for (std::size_t i = 0; i < 6; ++i)
        current_.custom_bounds.push_back(static_cast<double>(i + 1) * (random_.Below(2) == 0 ? 1 : 10));
      std::ranges::sort(current_.custom_bounds);
      const auto repeated = std::ranges::unique(current_.custom_bounds);
      current_.custom_bounds.erase(repeated.begin(), repeated.end());
      current_.positive_buckets.resize(std::min(buckets, current_.custom_bounds.size()));
      current_.positive_spans[0].length = static_cast<std::uint32_t>(current_.positive_buckets.size());
    } else {
      current_.schema = static_cast<std::int32_t>(random_.Below(4));
      current_.positive_spans = {
          {static_cast<std::int32_t>(random_.Below(4)), static_cast<std::uint32_t>(buckets)}};
      current_.zero_threshold = 0x1p-20;
    }
  }

  SeededRandom random_;
  const SeriesKind kind_;
  double value_ = 0;
  bool holds_histograms_ = false;
  bool is_restarted_ = false;
  Histogram current_{.schema = kCustomBoundsSchema};
};

}  // namespace tickscope::rollup
