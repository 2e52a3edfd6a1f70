#include "wire/exposition_openmetrics.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "wire/openmetrics_float.h"

namespace tickscope::wire {

OpenMetricsParser::OpenMetricsParser(std::string_view body, const ExpositionOptions& options)
    : line_(body, options.line_bytes_max), options_(options) {
  if (options.mode == ExpositionMode::kStrict) rules_ = std::make_unique<OpenMetricsRules>();
}

Result<ExpositionEntry> OpenMetricsParser::Next() {
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool more, line_.Next());
    if (!more) {
      return Fail(ErrorCode::kInvalidArgument, "end of the body: expected \"# EOF\" as the last line");
    }
    auto entry = ParseLine();
    // What ends too soon or has too much is no bad line.
    const bool may_skip = !entry && options_.skip_bad_lines &&
                          entry.error().code == ErrorCode::kInvalidArgument && line_.has_line_feed() &&
                          !line_.text().starts_with("# EOF");
    if (!may_skip) return entry;
    if (skipped_lines_++ == 0) first_skipped_ = entry.error().message;
  }
}

Result<ExpositionEntry> OpenMetricsParser::ParseLine() {
  if (line_.Take('#')) return ParseComment();
  TICKSCOPE_RETURN_IF_ERROR(ParseSample());
  return ExpositionEntry::kSample;
}

Result<ExpositionEntry> OpenMetricsParser::ParseComment() {
  if (line_.text() == "# EOF") {
    if (!line_.IsLast()) return line_.FailLine("expected nothing after \"# EOF\"");
    if (strict()) {
      if (auto status = rules_->OnEnd(); !status) return line_.FailLine(status.error().message);
    }
    return ExpositionEntry::kEnd;
  }
  ExpositionEntry entry = ExpositionEntry::kEnd;
  if (line_.Take(" HELP ")) {
    entry = ExpositionEntry::kHelp;
  } else if (line_.Take(" TYPE ")) {
    entry = ExpositionEntry::kType;
  } else if (line_.Take(" UNIT ")) {
    entry = ExpositionEntry::kUnit;
  } else {
    return line_.Expected("\" HELP NAME\", \" TYPE NAME\", \" UNIT NAME\" or \" EOF\" after '#'");
  }
  TICKSCOPE_ASSIGN_OR_RETURN(metadata_.family, TakeFamilyName(line_, !strict()));
  if (!line_.Take(' ')) return line_.Expected("a space after a metric name");
  if (!line_.has_line_feed()) return line_.FailLine("expected \"# EOF\" as the last line");
  const std::string_view text = line_.rest();
  metadata_.text = text;
  if (entry == ExpositionEntry::kHelp) {
    if (!IsValidUtf8(text)) return line_.Expected("valid UTF-8 in a help text");
    metadata_.text = Unescape(text, scratch_);
  } else if (entry == ExpositionEntry::kType) {
    const std::optional<MetricType> type = MetricTypeFromName(text);
    if (!type) return line_.Expected("a metric type of OpenMetrics 1.0");
    type_ = *type;
    metadata_.type = *type;
  } else if (!text.empty()) {
    const std::string_view family = metadata_.family;
    if (!family.ends_with(text) || family.size() <= text.size() ||
        family[family.size() - text.size() - 1] != '_') {
      return line_.Expected(fmt::format("a unit that {:?} ends in", family));
    }
  }
  if (strict()) {
    if (auto status = rules_->OnMetadata(entry, metadata_); !status)
      return line_.FailLine(status.error().message);
  }
  return entry;
}

Result<double> OpenMetricsParser::TakeNumber(std::string_view what) {
  if (!line_.Take(' ')) return line_.Expected(fmt::format("a space before {}", what));
  const std::size_t at = line_.at();
  const std::optional<double> number = ParseExpositionFloat(line_.TakeWord());
  if (!number) return line_.ExpectedAt(at, what);
  return *number;
}

Result<TimeMs> OpenMetricsParser::TakeTime() {
  const std::size_t at = line_.at();
  TICKSCOPE_ASSIGN_OR_RETURN(const double seconds, TakeNumber("a time in seconds"));
  const std::optional<TimeMs> time_ms =
      options_.times == ExpositionTimes::kImported ? SecondsToNearestMs(seconds) : SecondsToMs(seconds);
  if (!time_ms) return line_.ExpectedAt(at + 1, "a finite time in seconds");
  return *time_ms;
}

Status OpenMetricsParser::ParseSample() {
  const SeriesSyntax syntax{
      .trailing_comma = !strict(), .quoted_names = !strict(), .labels_max = options_.labels_max};
  TICKSCOPE_RETURN_IF_ERROR(ScanSeries(line_, syntax, spans_));
  if (++sample_count_ > options_.samples_max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("expected at most {} samples in a body", options_.samples_max));
  }
  sample_.series = spans_.raw;
  sample_.time_ms.reset();
  sample_.exemplars.clear();
  TICKSCOPE_ASSIGN_OR_RETURN(sample_.value, TakeNumber("a sample value"));
  const std::size_t time_at = line_.at() + 1;
  if (!line_.AtEnd() && !line_.rest().starts_with(" #")) {
    TICKSCOPE_ASSIGN_OR_RETURN(sample_.time_ms, TakeTime());
  }
  if (!sample_.time_ms && options_.times == ExpositionTimes::kImported) {
    return line_.Expected("a time in seconds after the value: samples without one cannot be imported");
  }
  const std::string_view time_text =
      sample_.time_ms ? line_.text().substr(time_at, line_.at() - time_at) : "";
  if (!line_.AtEnd()) TICKSCOPE_RETURN_IF_ERROR(ParseExemplar());
  if (!line_.has_line_feed()) return line_.FailLine("expected \"# EOF\" as the last line");
  if (!strict()) return {};
  const OpenMetricsRules::Sample judged{
      .spans = &spans_,
      .value = sample_.value,
      .time_seconds = sample_.time_ms ? ParseExpositionFloat(time_text) : std::nullopt,
      .exemplar = sample_.exemplars.empty() ? nullptr : &exemplar_spans_};
  if (auto status = rules_->OnSample(judged); !status) return line_.FailLine(status.error().message);
  return {};
}

Status OpenMetricsParser::ParseExemplar() {
  if (!line_.Take(" # ") || line_.Peek() != '{') return line_.Expected("an exemplar, \" # {LABELS} VALUE\"");
  const SeriesSyntax syntax{.trailing_comma = !strict(),
                            .quoted_names = !strict(),
                            .name_required = false,
                            .labels_max = options_.labels_max};
  TICKSCOPE_RETURN_IF_ERROR(ScanSeries(line_, syntax, exemplar_spans_));
  Exemplar exemplar;
  TICKSCOPE_ASSIGN_OR_RETURN(exemplar.value, TakeNumber("an exemplar value"));
  if (!line_.AtEnd()) {
    TICKSCOPE_ASSIGN_OR_RETURN(exemplar.time_ms, TakeTime());
    if (!line_.AtEnd()) return line_.Expected("the end of the line after an exemplar");
  }
  TICKSCOPE_ASSIGN_OR_RETURN(exemplar.labels, LabelsFromSpans(exemplar_spans_, MetricType::kUnknown));
  sample_.exemplars.push_back(std::move(exemplar));
  return {};
}

}  // namespace tickscope::wire
