#include "wire/exposition_line.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "wire/openmetrics_float.h"

namespace tickscope::wire {
namespace {

constexpr std::size_t kErrorExcerptBytes = 40;

bool IsLabelStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsLabelPart(char c) {
  return IsLabelStart(c) || (c >= '0' && c <= '9');
}
bool IsNameStart(char c) {
  return IsLabelStart(c) || c == ':';
}
bool IsNamePart(char c) {
  return IsLabelPart(c) || c == ':';
}

template <typename IsPart>
std::string_view TakeWhile(ExpositionLine& line, IsPart is_part) {
  const std::string_view rest = line.rest();
  std::size_t n = 0;
  while (n < rest.size() && is_part(rest[n]))
    ++n;
  line.Skip(n);
  return rest.substr(0, n);
}

// A string in double quotes, without them. Raw line feeds cannot occur: the line would have ended.
Result<std::string_view> TakeQuoted(ExpositionLine& line, std::string_view what) {
  if (!line.Take('"')) return line.Expected(what);
  const std::string_view rest = line.rest();
  std::size_t n = 0;
  bool ascii = true;
  while (n < rest.size() && rest[n] != '"') {
    ascii = ascii && static_cast<unsigned char>(rest[n]) < 0x80;
    n += rest[n] == '\\' ? 2 : 1;
  }
  if (n >= rest.size()) {
    line.Skip(rest.size());
    return line.Expected("'\"' at the end of a string");
  }
  const std::string_view text = rest.substr(0, n);
  if (!ascii && !IsValidUtf8(text)) return line.Expected("valid UTF-8 in a string");
  line.Skip(n + 1);
  return text;
}

std::string NormalizedNumber(std::string_view text) {
  const std::optional<double> number = ParseExpositionFloat(text);
  if (!number) return std::string(text);
  std::string out;
  AppendOpenMetricsFloat(*number, out);
  return out;
}

Result<Labels> LabelsFromUnsorted(std::vector<std::pair<std::string_view, std::string_view>> pairs,
                                  std::string_view series) {
  std::sort(pairs.begin(), pairs.end());
  const auto twice = std::adjacent_find(pairs.begin(), pairs.end(),
                                        [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice != pairs.end()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("label name comes twice: {:?} in {:?}", twice->first, series));
  }
  return Labels::FromPairs(std::move(pairs));
}

}  // namespace

Result<bool> ExpositionLine::Next() {
  if (rest_.empty()) return false;
  ++number_;
  at_ = 0;
  const std::size_t end = rest_.find('\n');
  has_line_feed_ = end != std::string_view::npos;
  text_ = rest_.substr(0, end);
  if (text_.size() > line_bytes_max_) {
    return Fail(ErrorCode::kOutOfRange, fmt::format("line {}: expected at most {} bytes, got {}", number_,
                                                    line_bytes_max_, text_.size()));
  }
  rest_.remove_prefix(has_line_feed_ ? end + 1 : rest_.size());
  return true;
}

void ExpositionLine::SkipBlanks() {
  while (Peek() == ' ' || Peek() == '\t')
    ++at_;
}

bool ExpositionLine::Take(char c) {
  if (AtEnd() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool ExpositionLine::Take(std::string_view word) {
  if (!rest().starts_with(word)) return false;
  at_ += word.size();
  return true;
}

std::string_view ExpositionLine::TakeWord() {
  return TakeWhile(*this, [](char c) { return c != ' ' && c != '\t'; });
}

std::unexpected<Error> ExpositionLine::ExpectedAt(std::size_t at, std::string_view what) const {
  const std::string_view got = text_.substr(at, kErrorExcerptBytes);
  return Fail(
      ErrorCode::kInvalidArgument,
      got.empty()
          ? fmt::format("line {}, column {}: expected {}, got the end of the line", number_, at + 1, what)
          : fmt::format("line {}, column {}: expected {}, got {:?}", number_, at + 1, what, got));
}

std::unexpected<Error> ExpositionLine::FailLine(std::string_view message) const {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("line {}: {}", number_, message));
}

Status ScanSeries(ExpositionLine& line, const SeriesSyntax& syntax, SeriesSpans& out) {
  const auto skip_blanks = [&] {
    if (syntax.free_blanks) line.SkipBlanks();
  };
  const std::size_t start = line.at();
  out.labels.clear();
  out.name = {};
  bool named = !syntax.name_required;
  if (syntax.name_required && IsNameStart(line.Peek())) {
    out.name = TakeWhile(line, IsNamePart);
    named = true;
  }
  std::size_t end = line.at();
  skip_blanks();
  if (line.Take('{')) {
    skip_blanks();
    while (!line.Take('}')) {
      std::string_view name;
      if (line.Peek() == '"' && syntax.quoted_names) {
        TICKSCOPE_ASSIGN_OR_RETURN(name, TakeQuoted(line, "a name in quotes"));
        skip_blanks();
        if (syntax.name_required && (line.Peek() == ',' || line.Peek() == '}')) {
          if (named) return line.Expected("'=' (the metric name is already set)");
          named = true;
          out.name = name;
          if (line.Take(',')) skip_blanks();
          continue;
        }
      } else {
        if (!IsLabelStart(line.Peek())) return line.Expected("a label name");
        name = TakeWhile(line, IsLabelPart);
        skip_blanks();
      }
      if (!line.Take('=')) return line.Expected("'=' after a label name");
      skip_blanks();
      TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view value,
                                 TakeQuoted(line, "a label value in double quotes"));
      if (out.labels.size() >= syntax.labels_max) {
        return Fail(ErrorCode::kOutOfRange,
                    line.Expected(fmt::format("at most {} labels", syntax.labels_max)).error().message);
      }
      out.labels.push_back({name, value});
      skip_blanks();
      if (line.Take(',')) {
        skip_blanks();
        if (!syntax.trailing_comma && line.Peek() == '}') return line.Expected("a label name after ','");
      } else if (!syntax.free_blanks && line.Peek() != '}') {
        return line.Expected("',' or '}' after a label value");
      }
    }
    end = line.at();
  }
  if (!named)
    return line.Expected(end == start ? "a metric name or '{'"
                                      : "a metric name inside the braces before them");
  out.raw = line.text().substr(start, end - start);
  return {};
}

Result<Labels> LabelsFromSpans(const SeriesSpans& spans, MetricType type) {
  // Unescaped and normalised texts need a home until the Labels are packed.
  std::vector<std::string> owned;
  owned.reserve(2 * spans.labels.size() + 1);
  const auto unescaped = [&](std::string_view text) {
    std::string scratch;
    const std::string_view plain = Unescape(text, scratch);
    if (plain.data() == text.data()) return text;
    return std::string_view(owned.emplace_back(std::move(scratch)));
  };
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  pairs.reserve(spans.labels.size() + 1);
  if (!spans.name.empty()) pairs.emplace_back(kMetricName, unescaped(spans.name));
  for (const LabelSpan& label : spans.labels) {
    const std::string_view name = unescaped(label.name);
    const bool number = (type == MetricType::kHistogram && name == kBucketLabel) ||
                        (type == MetricType::kSummary && name == "quantile");
    pairs.emplace_back(name, number ? std::string_view(owned.emplace_back(NormalizedNumber(label.value)))
                                    : unescaped(label.value));
  }
  return LabelsFromUnsorted(std::move(pairs), spans.raw);
}

Result<Labels> LabelsFromLiterals(const SeriesSpans& spans) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  pairs.reserve(spans.labels.size() + 1);
  if (!spans.name.empty()) pairs.emplace_back(kMetricName, spans.name);
  for (const LabelSpan& label : spans.labels)
    pairs.emplace_back(label.name, label.value);
  return LabelsFromUnsorted(std::move(pairs), spans.raw);
}

std::string_view Unescape(std::string_view text, std::string& scratch) {
  std::size_t slash = text.find('\\');
  if (slash == std::string_view::npos) return text;
  scratch.assign(text.substr(0, slash));
  for (std::size_t i = slash; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == '\\' || next == '"' || next == 'n') {
      scratch += next == 'n' ? '\n' : next;
      ++i;
    } else {
      scratch += text[i];
    }
  }
  return scratch;
}

Result<std::string_view> TakeFamilyName(ExpositionLine& line, bool quoted_names) {
  if (quoted_names && line.Peek() == '"') return TakeQuoted(line, "a metric name");
  if (!IsNameStart(line.Peek())) return line.Expected("a metric name");
  return TakeWhile(line, IsNamePart);
}

}  // namespace tickscope::wire
