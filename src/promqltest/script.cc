#include "promqltest/script.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "promql/literal.h"
#include "promqltest/series_line.h"

namespace tickscope::promqltest {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view Trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool IsWordEnd(std::string_view text) {
  return text.empty() || kBlanks.find(text[0]) != std::string_view::npos;
}

// The first word, which is removed together with the blanks behind it.
std::string_view TakeWord(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text = Trim(text.substr(word.size()));
  return word;
}

bool TakeWordIf(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word) || !IsWordEnd(text.substr(word.size()))) return false;
  text = Trim(text.substr(word.size()));
  return true;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::unexpected<Error> Bad(std::string_view what, std::string_view got) {
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: got {}", what, promql::Quote(got.substr(0, 128))));
}

// `from A to B step S`; what follows stays in `text`.
Result<TimeGrid> TakeGrid(std::string_view& text) {
  TimeGrid grid;
  for (const auto& [word, target] :
       {std::pair{"from", &grid.start_ms}, std::pair{"to", &grid.end_ms}, std::pair{"step", &grid.step_ms}}) {
    if (!TakeWordIf(text, word)) return Bad(fmt::format("want \"{}\" and a time", word), text);
    TICKSCOPE_ASSIGN_OR_RETURN(*target, ParseSignedDurationMs(TakeWord(text)));
  }
  if (grid.step_ms <= 0) return Bad("want a positive step", fmt::format("{} ms", grid.step_ms));
  if (grid.end_ms < grid.start_ms)
    return Bad("want an end after the start", fmt::format("{} ms", grid.end_ms));
  return grid;
}

// `msg: text`, `regex: expression` or nothing.
Result<TextPattern> ParsePattern(std::string_view text) {
  TextPattern pattern;
  if (text.starts_with("msg:")) {
    pattern.text = Trim(text.substr(4));
  } else if (text.starts_with("regex:")) {
    pattern.regex = Trim(text.substr(6));
  } else if (!text.empty()) {
    return Bad("want msg: or regex:", text);
  }
  return pattern;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<std::vector<Command>> Parse() {
    std::vector<Command> commands;
    while (NextLine()) {
      if (line_.empty()) continue;
      Command command;
      command.line = number_;
      auto body = ParseCommand();
      if (!body) return FailWith(fmt::format("line {}", number_), std::move(body).error());
      command.body = std::move(*body);
      commands.push_back(std::move(command));
    }
    return commands;
  }

 private:
  // Moves to the next line, trimmed; comments count as empty.
  bool NextLine() {
    if (rest_.empty()) return false;
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line_ = Trim(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line_.starts_with('#')) line_ = {};
    ++number_;
    return true;
  }
  // Moves to the next line of the block; false at its end.
  bool NextInBlock() { return NextLine() && !line_.empty(); }

  Result<std::variant<ClearCommand, LoadCommand, EvalCommand>> ParseCommand() {
    std::string_view arguments = line_;
    const std::string name = Lower(TakeWord(arguments));
    if (name == "clear") return ClearCommand{};
    if (name == "load" || name == "load_with_nhcb") return ParseLoad(arguments, name == "load_with_nhcb");
    if (name == "eval") return ParseEval(arguments, "");
    if (name.starts_with("eval_")) return ParseEval(arguments, std::string_view(name).substr(5));
    return Bad("unknown command", line_);
  }

  Result<LoadCommand> ParseLoad(std::string_view arguments, bool with_custom_buckets) {
    LoadCommand load;
    load.with_custom_buckets = with_custom_buckets;
    TICKSCOPE_ASSIGN_OR_RETURN(load.step_ms, ParseSignedDurationMs(arguments));
    if (load.step_ms <= 0) return Bad("want a positive step", arguments);
    std::optional<LoadedSeries> start_times;  // Of the line before.
    while (NextInBlock()) {
      TICKSCOPE_ASSIGN_OR_RETURN(SeriesLine line, ParseSeriesLine(line_));
      LoadedSeries series{std::move(line.labels), {}, {}};
      if (line.is_start_times) {
        if (start_times) return Bad("start times without samples", start_times->labels.ToString());
        TICKSCOPE_ASSIGN_OR_RETURN(series.start_offsets, ParseStartOffsets(line.values));
        TICKSCOPE_RETURN_IF_ERROR(CountSlots(series.start_offsets.size()));
        start_times = std::move(series);
        continue;
      }
      TICKSCOPE_ASSIGN_OR_RETURN(series.values, ParseValues(line.values));
      if (series.values.empty()) return Bad("want values behind the series", line_);
      TICKSCOPE_RETURN_IF_ERROR(CountSlots(series.values.size()));
      if (start_times) {
        if (start_times->labels != series.labels ||
            start_times->start_offsets.size() != series.values.size()) {
          return Bad("want the samples of the start times before, as many", line_);
        }
        series.start_offsets = std::move(start_times->start_offsets);
        start_times.reset();
      }
      // Within one block a later line of a series replaces an earlier one.
      std::erase_if(load.series,
                    [&](const LoadedSeries& earlier) { return earlier.labels == series.labels; });
      load.series.push_back(std::move(series));
    }
    if (start_times) return Bad("start times without samples", start_times->labels.ToString());
    return load;
  }

  Result<EvalCommand> ParseEval(std::string_view arguments, std::string_view suffix) {
    EvalCommand eval;
    if (TakeWordIf(arguments, "instant")) {
      if (TakeWordIf(arguments, "at")) {
        TICKSCOPE_ASSIGN_OR_RETURN(eval.times.start_ms, ParseSignedDurationMs(TakeWord(arguments)));
      }
    } else if (TakeWordIf(arguments, "range")) {
      eval.is_range = true;
      TICKSCOPE_ASSIGN_OR_RETURN(eval.times, TakeGrid(arguments));
    } else {
      return Bad("want \"eval instant\" or \"eval range\"", line_);
    }
    if (arguments.empty()) return Bad("want an expression", line_);
    eval.expression = arguments;
    TICKSCOPE_RETURN_IF_ERROR(SetOldSpelling(suffix, eval));
    while (NextInBlock()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool last, ParseExpectation(eval));
      if (last) break;
    }
    if (eval.is_range && (eval.ordered || eval.string || eval.range_vector || eval.scalar)) {
      return Bad("expectation has no meaning for a range query", eval.expression);
    }
    return eval;
  }

  // eval_fail, eval_warn, eval_info, eval_ordered.
  static Status SetOldSpelling(std::string_view suffix, EvalCommand& eval) {
    if (suffix.empty()) return {};
    if (suffix == "fail") {
      eval.failure.emplace();
    } else if (suffix == "warn") {
      eval.warnings.patterns.emplace_back();
    } else if (suffix == "info") {
      eval.infos.patterns.emplace_back();
    } else if (suffix == "ordered") {
      eval.ordered = true;
    } else {
      return Bad("unknown command", fmt::format("eval_{}", suffix));
    }
    return {};
  }

  // A few bytes such as 1x1000000 make many slots, so the whole script shares one bound.
  Status CountSlots(std::size_t more) {
    slots_ += more;
    if (slots_ <= kSlotsMax) return {};
    return Fail(ErrorCode::kOutOfRange, fmt::format("too many slots in the script: max={}", kSlotsMax));
  }

  // One line below an eval; true when it ends the block.
  Result<bool> ParseExpectation(EvalCommand& eval) {
    std::string_view text = line_;
    if (TakeWordIf(text, "expect")) {
      TICKSCOPE_RETURN_IF_ERROR(ParseExpect(text, eval));
      return false;
    }
    if (TakeWordIf(text, "expected_fail_message")) {
      eval.failure = TextPattern{std::string(text), std::nullopt};
      return true;
    }
    if (TakeWordIf(text, "expected_fail_regexp")) {
      eval.failure = TextPattern{std::nullopt, std::string(text)};
      return true;
    }
    if (const auto number = promql::ParseNumber(line_)) {
      eval.scalar = *number;
      return false;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(SeriesLine line, ParseSeriesLine(line_));
    TICKSCOPE_ASSIGN_OR_RETURN(SlotValues values, ParseValues(line.values));
    TICKSCOPE_RETURN_IF_ERROR(CountSlots(values.size()));
    const bool grid = eval.is_range || eval.range_vector.has_value();
    if (!grid && values.size() != 1) return Bad("want one value for an instant query", line_);
    eval.series.push_back({std::move(line.labels), std::move(values)});
    return false;
  }

  static Status ParseExpect(std::string_view text, EvalCommand& eval) {
    const std::string_view kind = TakeWord(text);
    const auto annotation = [&](AnnotationExpectation& expectation) -> Status {
      if (expectation.none) return Bad("contradicts the line that expects none", kind);
      TICKSCOPE_ASSIGN_OR_RETURN(TextPattern pattern, ParsePattern(text));
      expectation.patterns.push_back(std::move(pattern));
      return {};
    };
    const auto no_annotation = [&](AnnotationExpectation& expectation) -> Status {
      if (!expectation.patterns.empty()) return Bad("contradicts the line that expects one", kind);
      expectation.none = true;
      return {};
    };
    if (kind == "warn") return annotation(eval.warnings);
    if (kind == "info") return annotation(eval.infos);
    if (kind == "no_warn") return no_annotation(eval.warnings);
    if (kind == "no_info") return no_annotation(eval.infos);
    if (kind == "ordered") {
      eval.ordered = true;
      return {};
    }
    if (kind == "fail") {
      if (eval.failure) return Bad("expect fail twice", kind);
      TICKSCOPE_ASSIGN_OR_RETURN(eval.failure, ParsePattern(text));
      return {};
    }
    if (kind == "string") {
      const auto length = text.empty() ? Result<std::size_t>(0) : promql::ScanString(text);
      if (!length || *length == 0 || *length != text.size()) return Bad("want a quoted string", text);
      eval.string = promql::Unquote(text);
      return {};
    }
    if (kind == "range" && TakeWordIf(text, "vector")) {
      TICKSCOPE_ASSIGN_OR_RETURN(eval.range_vector, TakeGrid(text));
      return {};
    }
    return Bad("unknown expectation", kind);
  }

  std::string_view rest_;
  std::string_view line_;
  std::size_t number_ = 0;
  std::size_t slots_ = 0;
};

}  // namespace

Result<bool> TextPattern::Matches(std::string_view got) const {
  if (text) return got == *text;
  if (!regex) return true;
  const re2::RE2 expression(*regex, re2::RE2::Quiet);
  if (!expression.ok()) return Bad("regular expression does not compile", *regex);
  return re2::RE2::PartialMatch(re2::StringPiece(got.data(), got.size()), expression);
}

std::string TextPattern::ToString() const {
  if (text) return "msg: " + *text;
  if (regex) return "regex: " + *regex;
  return "any";
}

Result<std::vector<Command>> ParseScript(std::string_view text) {
  return Parser(text).Parse();
}

}  // namespace tickscope::promqltest
