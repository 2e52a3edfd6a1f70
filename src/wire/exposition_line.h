// ExpositionLine: the parts that both text formats share, lines and the series that starts one.
//
//   http_requests_total{method="post",code="200"} 1027 1395066363000
//   {"http.requests",method="post"} 1027
//
// Threads   Externally locked.
// Memory    Spans point into the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "wire/metric_type.h"

namespace tickscope::wire {

/// A position in a body, line by line. Fail tells where it is.
class ExpositionLine {
 public:
  ExpositionLine(std::string_view body, std::size_t line_bytes_max)
      : rest_(body), line_bytes_max_(line_bytes_max) {}

  /// Moves to the start of the next line; false after the last. A line feed at the end of the body ends the
  /// last line and starts none. Errors: kOutOfRange when the line is too long.
  [[nodiscard]] Result<bool> Next();

  /// The line without its line feed.
  [[nodiscard]] std::string_view text() const { return text_; }
  /// What is left of the line.
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] bool AtEnd() const { return at_ == text_.size(); }
  /// True when the line ended in a line feed and not with the body.
  [[nodiscard]] bool has_line_feed() const { return has_line_feed_; }
  /// True when nothing follows the line.
  [[nodiscard]] bool IsLast() const { return rest_.empty(); }

  [[nodiscard]] std::size_t at() const { return at_; }
  /// The next character, NUL at the end of the line.
  [[nodiscard]] char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  void Skip(std::size_t n) { at_ += n; }
  void SkipBlanks();
  /// Takes `c` if it is next.
  [[nodiscard]] bool Take(char c);
  [[nodiscard]] bool Take(std::string_view word);
  /// Takes everything up to a blank (a space, or a tab where `tabs`), possibly nothing.
  [[nodiscard]] std::string_view TakeWord();

  /// "line 3, column 7: expected WHAT, got ..." for the place reached.
  [[nodiscard]] std::unexpected<Error> Expected(std::string_view what) const { return ExpectedAt(at_, what); }
  /// The same for an earlier place of the line.
  [[nodiscard]] std::unexpected<Error> ExpectedAt(std::size_t at, std::string_view what) const;
  /// "line 3: ..." about the whole line.
  [[nodiscard]] std::unexpected<Error> FailLine(std::string_view message) const;

 private:
  std::string_view rest_;
  std::size_t line_bytes_max_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t number_ = 0;
  bool has_line_feed_ = false;
};

/// One label as written, quotes taken off, escapes still in.
struct LabelSpan {
  std::string_view name;
  std::string_view value;
};

/// A series as written. Reused from line to line.
struct SeriesSpans {
  std::string_view raw;   ///< From the name to the closing brace.
  std::string_view name;  ///< Quotes taken off, escapes still in.
  std::vector<LabelSpan> labels;
};

/// How the label section may be written.
struct SeriesSyntax {
  bool free_blanks = false;    ///< Text format: blanks anywhere between tokens, commas optional.
  bool trailing_comma = true;  ///< {a="b",}
  bool quoted_names = true;    ///< {"a.b","c.d"="x"}: UTF-8 names, which OpenMetrics 1.0 does not have.
  bool name_required = true;   ///< False for the label set of an exemplar, which has no name at all.
  std::size_t labels_max = 0;
};

/// Reads a series at the cursor.
/// Errors: kInvalidArgument; kOutOfRange when there are more labels than allowed.
[[nodiscard]] Status ScanSeries(ExpositionLine& line, const SeriesSyntax& syntax, SeriesSpans& out);

/// Labels of a scanned series, escapes resolved, sorted, `le` and `quantile` normalised as `type` asks.
/// Errors: kInvalidArgument when a name comes twice.
[[nodiscard]] Result<Labels> LabelsFromSpans(const SeriesSpans& spans, MetricType type);

/// The same for spans that hold no escapes and need no normalising.
[[nodiscard]] Result<Labels> LabelsFromLiterals(const SeriesSpans& spans);

/// \\, \" and \n resolved; other backslashes stay. Returns `text` itself when there is nothing to resolve,
/// else fills and returns `scratch`.
[[nodiscard]] std::string_view Unescape(std::string_view text, std::string& scratch);

/// The name of a family after HELP, TYPE or UNIT: an identifier, or where `quoted_names` any UTF-8 in double quotes (then
/// without them). Errors: kInvalidArgument.
[[nodiscard]] Result<std::string_view> TakeFamilyName(ExpositionLine& line, bool quoted_names = true);

}  // namespace tickscope::wire
