#include "live/series_window.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tickscope::live {
namespace {

using promql::Point;

// To the bit, so that NaN equals itself and -0 differs from 0.
bool SameValue(const Point& a, const Point& b) {
  if ((a.histogram != nullptr) != (b.histogram != nullptr)) return false;
  if (a.histogram != nullptr) return a.histogram == b.histogram || *a.histogram == *b.histogram;
  return std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
}

bool EndsAt(const SeriesWindow::Series& series, TimeMs time_ms) {
  return !series.points.empty() && series.points.back().time_ms == time_ms;
}

}  // namespace

void SeriesWindow::MergePoints(std::vector<Point> points, TimeMs from_ms, TimeMs to_ms, Series& series,
                               SeriesChange& change) {
  const auto by_time = [](const Point& point, TimeMs time_ms) { return point.time_ms < time_ms; };
  const auto begin = std::lower_bound(series.points.begin(), series.points.end(), from_ms, by_time);
  const auto end = std::lower_bound(begin, series.points.end(), to_ms + 1, by_time);
  auto old = begin;
  for (const Point& point : points) {
    for (; old != end && old->time_ms < point.time_ms; ++old)
      change.gone.push_back(old->time_ms);
    const bool is_known = old != end && old->time_ms == point.time_ms;
    if (!is_known || !SameValue(*old, point)) change.points.push_back(point);
    if (is_known) ++old;
  }
  for (; old != end; ++old)
    change.gone.push_back(old->time_ms);
  if (change.points.empty() && change.gone.empty()) return;
  // Most often the new points stand behind all others.
  point_count_ -= static_cast<std::size_t>(end - begin);
  point_count_ += points.size();
  const auto at = series.points.erase(begin, end);
  series.points.insert(at, std::make_move_iterator(points.begin()), std::make_move_iterator(points.end()));
}

Change SeriesWindow::Merge(promql::Matrix matrix, TimeMs from_ms, TimeMs to_ms) {
  Change change;
  const TimeMs newest_before_ms = newest_ms_;
  newest_ms_ = std::max(newest_ms_, to_ms);
  const auto merge = [&](const Labels& labels, Series& series, std::vector<Point> points, bool is_new) {
    const bool ended_at_newest = EndsAt(series, newest_before_ms);
    SeriesChange one{.number = series.number, .is_new = is_new};
    MergePoints(std::move(points), from_ms, to_ms, series, one);
    if (is_new) one.labels = labels;
    if (!one.points.empty() || !one.gone.empty()) change.series.push_back(std::move(one));
    if (ended_at_newest && !EndsAt(series, newest_ms_)) change.vanished.push_back(series.number);
  };
  // Both are in the order of labels: one walk finds what is only here, only there, and in both.
  auto here = series_.begin();
  for (promql::MatrixSeries& there : matrix) {
    if (there.points.empty()) continue;
    for (; here != series_.end() && here->first < there.labels; ++here)
      merge(here->first, here->second, {}, false);
    if (here != series_.end() && here->first == there.labels) {
      merge(here->first, here->second, std::move(there.points), false);
      ++here;
      continue;
    }
    const auto added =
        series_.emplace_hint(here, std::move(there.labels), Series{SeriesNumber{next_number_++}, {}});
    merge(added->first, added->second, std::move(there.points), true);
  }
  for (; here != series_.end(); ++here)
    merge(here->first, here->second, {}, false);
  std::erase_if(series_, [&](const auto& entry) {
    if (!entry.second.points.empty()) return false;
    change.forgotten.push_back(entry.second.number);
    return true;
  });
  return change;
}

void SeriesWindow::Trim(TimeMs oldest_ms, std::vector<SeriesNumber>& forgotten) {
  for (auto at = series_.begin(); at != series_.end();) {
    std::deque<Point>& points = at->second.points;
    while (!points.empty() && points.front().time_ms < oldest_ms) {
      points.pop_front();
      --point_count_;
    }
    if (!points.empty()) {
      ++at;
      continue;
    }
    forgotten.push_back(at->second.number);
    at = series_.erase(at);
  }
}

void SeriesWindow::Clear() {
  series_.clear();
  point_count_ = 0;
  newest_ms_ = std::numeric_limits<TimeMs>::min();
}

}  // namespace tickscope::live
