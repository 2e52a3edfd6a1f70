#include "promqltest/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/duration.h"
#include "model/histogram_arithmetic.h"
#include "model/sample.h"
#include "promqltest/histogram_notation.h"

namespace tickscope::promqltest {
namespace {

constexpr double kTolerance = 1e-6;

bool SameFloats(const std::vector<double>& want, const std::vector<double>& got) {
  return std::ranges::equal(want, got, SameFloat);
}

bool SameHistogramWithin(const Histogram& want_loose, const Histogram& got_loose, bool compare_hint) {
  const Histogram want = CompactHistogram(want_loose);
  const Histogram got = CompactHistogram(got_loose);
  if (compare_hint && want.reset_hint != got.reset_hint) return false;
  return want.schema == got.schema && want.zero_threshold == got.zero_threshold &&
         SameFloat(want.zero_count, got.zero_count) && SameFloat(want.count, got.count) &&
         SameFloat(want.sum, got.sum) && want.positive_spans == got.positive_spans &&
         want.negative_spans == got.negative_spans && want.custom_bounds == got.custom_bounds &&
         SameFloats(want.positive_buckets, got.positive_buckets) &&
         SameFloats(want.negative_buckets, got.negative_buckets);
}

// Differences that one case shows; what is beyond is counted.
constexpr std::size_t kLinesMax = 20;

// A line for each thing that differs.
class Lines {
 public:
  void Add(std::string line) {
    if (lines_.size() < kLinesMax) lines_.push_back(std::move(line));
    ++count_;
  }
  void Add(Difference difference) {
    if (difference) Add(*std::move(difference));
  }
  [[nodiscard]] Difference Joined() const {
    if (count_ == 0) return std::nullopt;
    std::string text = fmt::format("{}", fmt::join(lines_, "\n"));
    if (count_ > lines_.size()) text += fmt::format("\nand {} more differences", count_ - lines_.size());
    return text;
  }

 private:
  std::vector<std::string> lines_;
  std::size_t count_ = 0;
};

// Points of both sides, time by time.
void ComparePoints(const Labels& labels, const std::vector<ExpectedPoint>& want,
                   const std::vector<promql::Point>& got, Lines& lines) {
  std::size_t w = 0;
  std::size_t g = 0;
  while (w < want.size() || g < got.size()) {
    if (g == got.size() || (w < want.size() && want[w].time_ms < got[g].time_ms)) {
      lines.Add(fmt::format("{}: no point at {}, want {}", labels.ToString(),
                            FormatDurationMs(want[w].time_ms), ValueText(want[w].value)));
      ++w;
    } else if (w == want.size() || got[g].time_ms < want[w].time_ms) {
      lines.Add(fmt::format("{}: unexpected point at {}: got {}", labels.ToString(),
                            FormatDurationMs(got[g].time_ms), ValueText(got[g])));
      ++g;
    } else {
      if (!SamePoint(want[w].value, got[g])) {
        lines.Add(fmt::format("{} at {}: want {}, got {}", labels.ToString(),
                              FormatDurationMs(want[w].time_ms), ValueText(want[w].value),
                              ValueText(got[g])));
      }
      ++w;
      ++g;
    }
  }
}

Difference CompareElement(const ExpectedSeries& want, const promql::VectorElement& got) {
  const std::optional<SlotValue>& value = want.values.at(0);
  if (value && SamePoint(*value, got.point)) return std::nullopt;
  return fmt::format("{}: want {}, got {}", got.labels.ToString(), value ? ValueText(*value) : "no sample",
                     ValueText(got.point));
}

}  // namespace

bool SameFloat(double want, double got) {
  if (IsStaleNan(want) || IsStaleNan(got)) return IsStaleNan(want) && IsStaleNan(got);
  if (std::isnan(want) && std::isnan(got)) return true;
  if (want == got) return true;
  constexpr double kSmallestNormal = std::numeric_limits<double>::min();
  const double sum = std::fabs(want) + std::fabs(got);
  const double distance = std::fabs(want - got);
  if (want == 0 || got == 0 || sum < kSmallestNormal) return distance < kTolerance * kSmallestNormal;
  return distance / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

bool SamePoint(const SlotValue& want, const promql::Point& got) {
  if (!want.histogram && !got.histogram) return SameFloat(want.value, got.value);
  if (!want.histogram || !got.histogram) return false;
  return SameHistogramWithin(*want.histogram, *got.histogram, want.hint_written);
}

ExpectedMatrix PlaceOnGrid(const std::vector<ExpectedSeries>& series, const TimeGrid& grid) {
  ExpectedMatrix matrix;
  for (const ExpectedSeries& expected : series) {
    std::vector<ExpectedPoint>& points = matrix[expected.labels];
    for (std::size_t i = 0; i < expected.values.size(); ++i) {
      if (!expected.values[i]) continue;
      points.push_back({grid.start_ms + static_cast<TimeMs>(i) * grid.step_ms, *expected.values[i]});
    }
  }
  return matrix;
}

Difference CompareMatrix(const ExpectedMatrix& want, const promql::Matrix& got) {
  if (!std::ranges::is_sorted(got, {}, &promql::MatrixSeries::labels))
    return "series are not sorted by labels";
  Lines lines;
  std::map<Labels, const promql::MatrixSeries*> by_labels;
  for (const promql::MatrixSeries& series : got) {
    if (!by_labels.emplace(series.labels, &series).second) {
      lines.Add(fmt::format("{}: twice in the result", series.labels.ToString()));
    } else if (!want.contains(series.labels)) {
      lines.Add(fmt::format("{}: unexpected series of {} points, the first at {}: got {}",
                            series.labels.ToString(), series.points.size(),
                            FormatDurationMs(series.points.front().time_ms),
                            ValueText(series.points.front())));
    }
  }
  for (const auto& [labels, points] : want) {
    const auto it = by_labels.find(labels);
    if (it == by_labels.end()) {
      lines.Add(fmt::format("{}: no such series in the result of {}", labels.ToString(), got.size()));
    } else {
      ComparePoints(labels, points, it->second->points, lines);
    }
  }
  return lines.Joined();
}

Difference CompareVector(const std::vector<ExpectedSeries>& want, const promql::Vector& got) {
  Lines lines;
  std::map<Labels, const ExpectedSeries*> by_labels;
  for (const ExpectedSeries& series : want)
    by_labels.emplace(series.labels, &series);
  std::map<Labels, std::size_t> seen;
  for (const promql::VectorElement& element : got) {
    const auto it = by_labels.find(element.labels);
    if (it == by_labels.end()) {
      lines.Add(fmt::format("{}: unexpected, got {}", element.labels.ToString(), ValueText(element.point)));
    } else if (++seen[element.labels] > 1) {
      lines.Add(fmt::format("{}: twice in the result", element.labels.ToString()));
    } else {
      lines.Add(CompareElement(*it->second, element));
    }
  }
  for (const auto& [labels, series] : by_labels) {
    if (seen.contains(labels)) continue;
    const auto& value = series->values.at(0);
    lines.Add(fmt::format("{}: not in the result, want {}", labels.ToString(),
                          value ? ValueText(*value) : "no sample"));
  }
  return lines.Joined();
}

Difference CompareOrdered(const std::vector<ExpectedSeries>& want, const promql::Vector& got) {
  Lines lines;
  if (want.size() != got.size()) lines.Add(fmt::format("want {} elements, got {}", want.size(), got.size()));
  for (std::size_t i = 0; i < std::min(want.size(), got.size()); ++i) {
    if (want[i].labels != got[i].labels) {
      lines.Add(fmt::format("at place {}: want {}, got {}", i + 1, want[i].labels.ToString(),
                            got[i].labels.ToString()));
    } else {
      lines.Add(CompareElement(want[i], got[i]));
    }
  }
  return lines.Joined();
}

Difference CompareAnnotations(std::string_view kind, const AnnotationExpectation& want,
                              const std::vector<std::string>& got) {
  if (want.none && !got.empty()) return fmt::format("unexpected {}: {}", kind, got.front());
  if (want.patterns.empty()) return std::nullopt;
  if (got.empty()) return fmt::format("no {}, want {}", kind, want.patterns.front().ToString());
  for (const std::string& text : got) {
    bool matched = false;
    for (const TextPattern& pattern : want.patterns) {
      const auto matches = pattern.Matches(text);
      if (!matches) return matches.error().message;
      matched = matched || *matches;
    }
    if (!matched)
      return fmt::format("unexpected {}: {}, want {}", kind, text, want.patterns.front().ToString());
  }
  return std::nullopt;
}

std::string ValueText(const SlotValue& value) {
  promql::Point point;
  point.value = value.value;
  point.histogram = value.histogram;
  return ValueText(point);
}

std::string ValueText(const promql::Point& point) {
  if (point.histogram) return FormatHistogram(*point.histogram);
  if (IsStaleNan(point.value)) return "stale";
  return fmt::format("{}", point.value);
}

}  // namespace tickscope::promqltest
