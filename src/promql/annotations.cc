#include "promql/annotations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/civil_time.h"
#include "model/histogram_text.h"
#include "model/labels.h"
#include "promql/parser.h"

namespace tickscope::promql {
namespace {

// RFC 3339 with as many digits of a second as there are: "1970-01-01T00:03:00Z", "...00:03:00.5Z".
std::string FormatTime(TimeMs time_ms) {
  std::string text = FormatUtcTime(time_ms);
  text.pop_back();
  while (text.back() == '0')
    text.pop_back();
  if (text.back() == '.') {
    text.pop_back();
  }
  return text + 'Z';
}

}  // namespace

void Annotations::Add(Notes& to, std::string_view text, PositionRange at) {
  if (const auto found = to.find(text); found != to.end()) {
    found->second = at.start;
  } else if (to.size() < kAnnotationsMax) {
    to.emplace(text, at.start);
  }
}

std::vector<std::string> Annotations::Texts(const Notes& notes, std::string_view kind) const {
  std::vector<std::string> out;
  for (const auto& [text, place] : notes)
    out.push_back(fmt::format("{}{} ({})", kind, text, LineColumn(query_, place)));
  return out;
}

void Annotations::MonotonicityFixed(PositionRange at, std::string_view metric_name,
                                    const MonotonicityFix& fix, TimeMs time_ms) {
  if (monotonicity_.size() >= kAnnotationsMax) return;
  const MonotonicityExtent one{at.start, fix, time_ms, time_ms, 1};
  const auto [it, added] = monotonicity_.try_emplace(std::string(metric_name), one);
  if (!added) it->second.Add(one);
}

void Annotations::MonotonicityExtent::Add(const MonotonicityExtent& more) {
  fix.bucket_min = std::min(fix.bucket_min, more.fix.bucket_min);
  fix.bucket_max = std::max(fix.bucket_max, more.fix.bucket_max);
  fix.difference_max = std::max(fix.difference_max, more.fix.difference_max);
  first_ms = std::min(first_ms, more.first_ms);
  last_ms = std::max(last_ms, more.last_ms);
  samples += more.samples;
}

void Annotations::StartsOverlapped(PositionRange at, std::string_view metric_name, std::size_t windows) {
  if (start_overlaps_.size() >= kAnnotationsMax) return;
  const auto [it, added] = start_overlaps_.try_emplace(std::string(metric_name));
  if (added) it->second.place = at.start;
  it->second.count += windows;
}

void Annotations::Merge(const Annotations& more, const Places& places) {
  const auto place_of = [&places](std::size_t place) {
    const auto found = places.find(place);
    return found == places.end() ? place : found->second;
  };
  for (const auto& [text, place] : more.warnings_)
    Add(warnings_, text, {place_of(place), 0});
  for (const auto& [text, place] : more.infos_)
    Add(infos_, text, {place_of(place), 0});
  for (const auto& [metric, extent] : more.monotonicity_) {
    if (monotonicity_.size() >= kAnnotationsMax) break;
    const auto [it, added] = monotonicity_.try_emplace(metric, extent);
    if (added) {
      it->second.place = place_of(extent.place);
    } else {
      it->second.Add(extent);
    }
  }
  for (const auto& [metric, overlap] : more.start_overlaps_) {
    if (start_overlaps_.size() >= kAnnotationsMax) break;
    const auto [it, added] = start_overlaps_.try_emplace(metric);
    if (added) it->second.place = place_of(overlap.place);
    it->second.count += overlap.count;
  }
}

std::vector<std::string> Annotations::warnings() const {
  std::vector<std::string> out = Texts(warnings_, "PromQL warning: ");
  for (const auto& [metric, overlap] : start_overlaps_) {
    out.push_back(
        fmt::format("PromQL warning: sample has start time that overlaps with previous sample timestamp for "
                    "metric {}{} ({})",
                    Quoted(metric), overlap.count > 1 ? fmt::format(" ({} occurrences)", overlap.count) : "",
                    LineColumn(query_, overlap.place)));
  }
  return out;
}

std::vector<std::string> Annotations::infos() const {
  std::vector<std::string> out = Texts(infos_, "PromQL info: ");
  for (const auto& [metric, extent] : monotonicity_) {
    out.push_back(fmt::format(
        "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
        "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){}, "
        "from buckets {} to "
        "{}, with a max diff of {:.2g}, over {} samples from {} to {} ({})",
        ForMetric(metric), FormatFloatCompact(extent.fix.bucket_min),
        FormatFloatCompact(extent.fix.bucket_max), extent.fix.difference_max, extent.samples,
        FormatTime(extent.first_ms), FormatTime(extent.last_ms), LineColumn(query_, extent.place)));
  }
  return out;
}

std::string ForMetric(std::string_view metric_name) {
  return metric_name.empty() ? std::string() : " for metric name " + Quoted(metric_name);
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    // The next character as UTF-8, or a byte that is none.
    std::size_t length = 1;
    while (length < 4 && length < text.size() && !IsValidUtf8(text.substr(0, length)))
      ++length;
    const std::string_view character = text.substr(0, IsValidUtf8(text.substr(0, length)) ? length : 1);
    const auto byte = static_cast<unsigned char>(character[0]);
    if (character == "\"" || character == "\\") {
      out += '\\';
      out += character;
    } else if (character == "\n") {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f || !IsValidUtf8(character)) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out + '"';
}

std::string MixedFloatsHistogramsText(std::string_view metric_name) {
  return "encountered a mix of histograms and floats for metric name " + Quoted(metric_name);
}

std::string IgnoredHistogramsInRangeText(std::string_view metric_name) {
  return "ignored histograms in a range containing both floats and histograms for metric name " +
         Quoted(metric_name);
}

std::string MixedBucketKindsText(std::string_view metric_name) {
  return "vector contains a mix of histograms with exponential and custom buckets schemas" +
         ForMetric(metric_name);
}

std::string QuantileOutOfRangeText(double q) {
  return "quantile value should be between 0 and 1, got " + FormatFloatCompact(q);
}

}  // namespace tickscope::promql
