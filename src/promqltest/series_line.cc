#include "promqltest/series_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "promql/engine.h"
#include "promql/literal.h"

namespace tickscope::promqltest {
namespace {

constexpr std::string_view kBlanks = " \t";

// Bytes of `{...}` at the start of `text`, quotes respected; 0 when it has no end.
std::size_t BracesLength(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '}') return at + 1;
    if (c == '"' || c == '\'' || c == '`') {
      const auto length = promql::ScanString(text.substr(at));
      if (!length) return 0;
      at += *length - 1;
    }
  }
  return 0;
}

}  // namespace

Result<SeriesLine> ParseSeriesLine(std::string_view line) {
  std::size_t length = std::min(line.find_first_of(" \t{@"), line.size());
  // Braces may stand apart from the name, but {{ starts a histogram.
  const std::size_t next = std::min(line.find_first_not_of(kBlanks, length), line.size());
  if (next < line.size() && line[next] == '{' && !line.substr(next).starts_with("{{")) {
    const std::size_t braces = BracesLength(line.substr(next));
    if (braces == 0) return Fail(ErrorCode::kInvalidArgument, "series without closing brace");
    length = next + braces;
  }
  const std::string_view selector = line.substr(0, length);
  promql::EngineOptions options;
  options.unquoted_utf8_names = true;
  auto matchers = promql::ParseSeriesSelector(selector, options);
  if (!matchers)
    return FailWith(fmt::format("series {}", promql::Quote(selector)), std::move(matchers).error());
  LabelsBuilder builder;
  for (const Matcher& matcher : *matchers) {
    if (matcher.type() != MatchType::kEqual) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("series with a matcher: {}", matcher.ToString()));
    }
    builder.Set(matcher.name(), matcher.value());
  }
  SeriesLine series{builder.Build(), false, line.substr(length)};
  if (series.values.starts_with("@st")) {
    series.is_start_times = true;
    series.values.remove_prefix(3);
  }
  if (!series.values.empty() && kBlanks.find(series.values[0]) == std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("want a blank after series {}", promql::Quote(selector)));
  }
  return series;
}

}  // namespace tickscope::promqltest
