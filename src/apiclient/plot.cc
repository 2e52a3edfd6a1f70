#include "apiclient/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "apiclient/answer_text.h"
#include "base/civil_time.h"

namespace tickscope::apiclient {
namespace {

constexpr std::size_t kAxisWidth = 12;

std::optional<double> FiniteValue(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void Include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] bool empty() const { return low > high; }
  // Where a value lies among `count` cells. Halves first: the difference of two doubles may be infinite.
  [[nodiscard]] std::size_t CellOf(double value, std::size_t count) const {
    const double range = high / 2 - low / 2;
    if (range <= 0) return count / 2;
    const double share = (value / 2 - low / 2) / range;
    return std::min(static_cast<std::size_t>(share * static_cast<double>(count - 1) + 0.5), count - 1);
  }
};

// The time of day, or the date where a day or more is shown.
std::string TimeLabel(TimeMs time_ms, bool with_date) {
  const std::string text =
      FormatUtcTime(time_ms);  // 2026-03-01T12:00:00Z, with a fraction where there is one.
  if (text.size() < 19) return text;
  return with_date ? text.substr(0, 16) : text.substr(11, 8);
}

}  // namespace

std::string PlotText(const QueryAnswer& answer, PlotSize size) {
  const std::size_t width = std::max<std::size_t>(size.width, 8);
  const std::size_t height = std::max<std::size_t>(size.height, 2);
  Extent values;
  Extent times;
  std::vector<Extent> extents;
  std::vector<std::string> last;
  for (const ResultSeries& series : answer.series) {
    Extent& extent = extents.emplace_back();
    std::string& newest = last.emplace_back("none");
    for (const ResultPoint& point : series.points) {
      const auto value = FiniteValue(point.value);
      if (!value) continue;
      newest = point.value;
      extent.Include(*value);
      if (extents.size() > kPlotSeriesMax) continue;
      values.Include(*value);
      times.Include(static_cast<double>(point.time_ms));
    }
  }
  if (values.empty()) return "nothing to draw: no series has a finite value\n";

  std::vector<std::string> grid(height, std::string(width, ' '));
  const std::size_t drawn = std::min(answer.series.size(), kPlotSeriesMax);
  for (std::size_t s = 0; s < drawn; ++s) {
    for (const ResultPoint& point : answer.series[s].points) {
      const auto value = FiniteValue(point.value);
      if (!value) continue;
      const std::size_t row = height - 1 - values.CellOf(*value, height);
      grid[row][times.CellOf(static_cast<double>(point.time_ms), width)] = static_cast<char>('a' + s);
    }
  }

  std::string out;
  for (std::size_t row = 0; row < height; ++row) {
    const double share = static_cast<double>(height - 1 - row) / static_cast<double>(height - 1);
    const bool labelled = row == 0 || row == height - 1 || (row == height / 2 && height > 4);
    const std::string label =
        labelled ? fmt::format("{:.6g}", values.low * (1 - share) + values.high * share) : "";
    const std::string& cells = grid[row];
    out += fmt::format("{:>{}} |{}\n", label, kAxisWidth, cells.substr(0, cells.find_last_not_of(' ') + 1));
  }
  out += fmt::format("{:>{}} +{}\n", "", kAxisWidth, std::string(width, '-'));
  const auto first_ms = static_cast<TimeMs>(times.low);
  const auto last_ms = static_cast<TimeMs>(times.high);
  const bool with_date = last_ms - first_ms >= 86'400'000;
  const std::string left = TimeLabel(first_ms, with_date);
  const std::string right = first_ms == last_ms ? "" : TimeLabel(last_ms, with_date);
  const std::size_t gap = width > left.size() + right.size() ? width - left.size() - right.size() : 1;
  out += fmt::format("{:>{}}  {}{}{} UTC\n", "", kAxisWidth, left, std::string(gap, ' '), right);
  for (std::size_t s = 0; s < drawn; ++s) {
    const std::string name = ShownText(answer.series[s].labels.ToString());
    if (extents[s].empty()) {
      out += fmt::format("  {}  {}  no finite value\n", static_cast<char>('a' + s), name);
    } else {
      out += fmt::format("  {}  {}  {:.6g} .. {:.6g}, last {}\n", static_cast<char>('a' + s), name,
                         extents[s].low, extents[s].high, last[s]);
    }
  }
  if (drawn < answer.series.size())
    out += fmt::format("  and {} series that are not drawn\n", answer.series.size() - drawn);
  return out;
}

}  // namespace tickscope::apiclient
