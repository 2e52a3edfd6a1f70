#include "wire/exposition_text.h"

#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "wire/openmetrics_float.h"

namespace tickscope::wire {
namespace {

bool HasUnknownEscape(std::string_view text) {
  for (std::size_t i = text.find('\\'); i < text.size(); i = text.find('\\', i + 2)) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (next != '\\' && next != '"' && next != 'n') return true;
  }
  return false;
}

}  // namespace

TextExpositionParser::TextExpositionParser(std::string_view body, const ExpositionOptions& options)
    : line_(body, options.line_bytes_max), options_(options) {}

Result<ExpositionEntry> TextExpositionParser::Next() {
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool more, line_.Next());
    if (!more) return ExpositionEntry::kEnd;
    line_.SkipBlanks();
    if (options_.mode == ExpositionMode::kStrict && !line_.has_line_feed() && !line_.text().empty()) {
      line_.Skip(line_.rest().size());
      return line_.Expected("a line feed at the end of the body");
    }
    if (line_.AtEnd()) continue;
    if (line_.Take('#')) {
      TICKSCOPE_ASSIGN_OR_RETURN(const ExpositionEntry entry, ParseComment());
      if (entry == ExpositionEntry::kEnd) continue;
      return entry;
    }
    TICKSCOPE_RETURN_IF_ERROR(ParseSample());
    return ExpositionEntry::kSample;
  }
}

Result<ExpositionEntry> TextExpositionParser::ParseComment() {
  const bool strict = options_.mode == ExpositionMode::kStrict;
  if (line_.Peek() != ' ' && line_.Peek() != '\t') return ExpositionEntry::kEnd;
  line_.SkipBlanks();
  const std::string_view word = line_.TakeWord();
  if (word != "HELP" && word != "TYPE") return ExpositionEntry::kEnd;
  line_.SkipBlanks();
  if (line_.AtEnd() && strict) return ExpositionEntry::kEnd;
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view name, TakeFamilyName(line_));
  if (!line_.AtEnd() && line_.Peek() != ' ' && line_.Peek() != '\t')
    return line_.Expected("a blank after a metric name");
  metadata_.family = name;
  line_.SkipBlanks();
  if (word == "HELP") {
    if (!IsValidUtf8(line_.rest())) return line_.Expected("valid UTF-8 in a help text");
    if (line_.AtEnd() && strict) return ExpositionEntry::kEnd;
    if (strict && !helped_.insert(name).second)
      return line_.FailLine(fmt::format("second HELP line for {:?}", name));
    metadata_.text = Unescape(line_.rest(), scratch_);
    return ExpositionEntry::kHelp;
  }
  const std::string_view type = line_.TakeWord();
  const std::optional<MetricType> known = type == "untyped" ? MetricType::kUnknown : MetricTypeFromName(type);
  const bool in_this_format =
      known && (*known == MetricType::kCounter || *known == MetricType::kGauge ||
                *known == MetricType::kHistogram || *known == MetricType::kSummary || type == "untyped");
  if (!in_this_format) {
    return line_.FailLine(
        fmt::format("expected a type of counter, gauge, histogram, summary or untyped, got {:?}", type));
  }
  line_.SkipBlanks();
  if (!line_.AtEnd()) return line_.Expected("the end of the line after a type");
  if (strict) {
    if (!typed_.insert(name).second) return line_.FailLine(fmt::format("second TYPE line for {:?}", name));
    if (sampled_.contains(name)) return line_.FailLine(fmt::format("TYPE line after samples of {:?}", name));
  }
  type_ = *known;
  metadata_.type = *known;
  return ExpositionEntry::kType;
}

Status TextExpositionParser::ParseSample() {
  const SeriesSyntax syntax{.free_blanks = true, .labels_max = options_.labels_max};
  TICKSCOPE_RETURN_IF_ERROR(ScanSeries(line_, syntax, spans_));
  if (++sample_count_ > options_.samples_max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("expected at most {} samples in a body", options_.samples_max));
  }
  line_.SkipBlanks();
  const std::size_t value_at = line_.at();
  const std::optional<double> value = ParseExpositionFloat(line_.TakeWord());
  if (!value) return line_.ExpectedAt(value_at, "a number");
  sample_.series = spans_.raw;
  sample_.value = *value;
  sample_.time_ms.reset();
  line_.SkipBlanks();
  if (!line_.AtEnd()) {
    const std::size_t time_at = line_.at();
    const std::string_view text = line_.TakeWord();
    TimeMs time_ms = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time_ms);
    if (error != std::errc() || end != text.data() + text.size()) {
      return line_.ExpectedAt(time_at, "a time in whole milliseconds");
    }
    sample_.time_ms = time_ms;
    line_.SkipBlanks();
    if (!line_.AtEnd()) return line_.Expected("the end of the line after a time");
  }
  return options_.mode == ExpositionMode::kStrict ? CheckStrictSample() : Status();
}

Status TextExpositionParser::CheckStrictSample() {
  for (const LabelSpan& label : spans_.labels) {
    if (label.name == kMetricName) return line_.FailLine("__name__ is not a label a target may set");
    if (HasUnknownEscape(label.value)) {
      return line_.FailLine(
          fmt::format("expected only the escapes \\\\ \\\" \\n in the value of {:?}", label.name));
    }
  }
  if (const auto labels = LabelsFromSpans(spans_, MetricType::kUnknown); !labels) {
    return line_.FailLine(labels.error().message);
  }
  sampled_.insert(spans_.name);
  return {};
}

}  // namespace tickscope::wire
