// ExpositionParser: what a target answers to a scrape, entry by entry, in whichever of three formats.
//
//   auto parser = MakeExpositionParser(ExpositionFormat::kOpenMetrics, body, {});
//   while (true) {
//     TICKSCOPE_ASSIGN_OR_RETURN(const ExpositionEntry entry, parser->Next());
//     if (entry == ExpositionEntry::kEnd) break;
//     if (entry == ExpositionEntry::kSample) Use(parser->sample(), cache.Find(parser->sample().series));
//   }
//
// A target repeats itself, so a caller keeps Labels by the raw bytes of the series and asks for labels() only
// when it meets new ones; a repeated series then costs no allocation.
//
// Two modes. kScrape takes what Prometheus takes from a target: clashing families or inconsistent histograms
// are not its business. kStrict holds the body to the format's specification, for lint and for tests of
// exporters.
//
// Errors name the place and what was expected there:
//
//   line 7, column 12: expected '=' after a label name, got "+"
//
// Threads   Externally locked.
// Memory    Views point into the body, which outlives the parser, or into the parser, until the next Next.
//           Scrape mode holds nothing that grows with the body; strict mode remembers family names and label
//           groups.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "wire/metric_type.h"

namespace tickscope::wire {

enum class ExpositionFormat : std::uint8_t {
  kText,         ///< text/plain, versions 0.0.4 and 1.0.0 (UTF-8 names)
  kOpenMetrics,  ///< application/openmetrics-text, version 1.0
  kProtobuf,     ///< length-delimited io.prometheus.client.MetricFamily
};

enum class ExpositionMode : std::uint8_t { kScrape, kStrict };

/// What becomes of a protobuf histogram that has both native and classic buckets.
enum class NativeHistograms : std::uint8_t {
  kPrefer,  ///< The native histogram is the sample, the classic series are left out.
  kIgnore,  ///< The classic series are the samples.
};

/// What the times of samples are, in OpenMetrics.
enum class ExpositionTimes : std::uint8_t {
  kScraped,  ///< May be left out; cut to the millisecond, as Prometheus does.
  kImported,  ///< Every sample has one; brought to the nearest millisecond, so that 1700000000.123 is what was written.
};

struct ExpositionOptions {
  ExpositionMode mode = ExpositionMode::kScrape;
  ExpositionTimes times = ExpositionTimes::kScraped;
  bool skip_bad_lines = false;  ///< OpenMetrics: leave out lines that do not parse, and count them.
  NativeHistograms native_histograms = NativeHistograms::kPrefer;
  std::size_t line_bytes_max = 1024 * 1024;  ///< A line of the text formats.
  std::size_t labels_max = 1000;             ///< Labels of a series, the metric name not counted.
  std::size_t samples_max = 10'000'000;
};

enum class ExpositionEntry : std::uint8_t {
  kEnd,
  kSample,
  kHelp,  ///< metadata().text is the help text.
  kType,  ///< metadata().type
  kUnit,  ///< metadata().text is the unit.
};

struct ExpositionSample {
  std::string_view series;  ///< Bytes that identify the series: equal bytes, equal labels. Not printable.
  double value = 0;
  const Histogram* histogram = nullptr;  ///< Set for a native histogram; `value` is then 0.
  std::optional<TimeMs> time_ms;         ///< When the target gave one.
  TimeMs start_time_ms = 0;              ///< When the counter began, 0 for unknown.
  std::vector<Exemplar> exemplars;
};

struct ExpositionMetadata {
  std::string_view family;
  MetricType type = MetricType::kUnknown;
  std::string_view text;
};

class ExpositionParser {
 public:
  virtual ~ExpositionParser() = default;
  /// Moves to the next entry. After kEnd or an error the parser is spent.
  /// Errors: kInvalidArgument (text that does not parse), kCorruption (protobuf that does not decode),
  ///         kOutOfRange (a limit of the options).
  [[nodiscard]] virtual Result<ExpositionEntry> Next() = 0;
  /// Labels of the current sample, metric name included; `le` and `quantile` of classic histograms and
  /// summaries in OpenMetrics number form ("1" becomes "1.0"), so that all formats give the same series.
  /// Errors: kInvalidArgument when a label name comes twice.
  [[nodiscard]] virtual Result<Labels> labels() const = 0;

  [[nodiscard]] const ExpositionSample& sample() const { return sample_; }
  [[nodiscard]] const ExpositionMetadata& metadata() const { return metadata_; }
  /// Lines left out, and why the first one was; empty when there is none.
  [[nodiscard]] std::uint64_t skipped_lines() const { return skipped_lines_; }
  [[nodiscard]] const std::string& first_skipped() const { return first_skipped_; }

 protected:
  std::uint64_t skipped_lines_ = 0;
  std::string first_skipped_;
  ExpositionSample sample_;
  ExpositionMetadata metadata_;
};

[[nodiscard]] std::unique_ptr<ExpositionParser> MakeExpositionParser(ExpositionFormat format,
                                                                     std::string_view body,
                                                                     const ExpositionOptions& options);

/// The format a Content-Type header names, or `fallback` when the header is empty or names something else.
/// Errors: kUnsupported naming the type when there is no fallback.
[[nodiscard]] Result<ExpositionFormat> ExpositionFormatOf(std::string_view content_type,
                                                          std::optional<ExpositionFormat> fallback);

}  // namespace tickscope::wire
