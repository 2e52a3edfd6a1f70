#include "promqltest/value_notation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/duration.h"
#include "model/histogram_arithmetic.h"
#include "model/sample.h"
#include "promql/literal.h"
#include "promqltest/histogram_notation.h"

namespace tickscope::promqltest {
namespace {

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::unexpected<Error> Bad(std::string_view what, std::string_view got) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: got {}", what, promql::Quote(got.substr(0, 64))));
}

// Walks the items of one line.
class Items {
 public:
  explicit Items(std::string_view text) : rest_(text) {}

  /// Moves to the next item; false at the end of the line.
  bool Next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
    return !rest_.empty();
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] std::string_view& mutable_rest() { return rest_; }
  bool TakePrefix(std::string_view prefix) {
    if (!rest_.starts_with(prefix)) return false;
    rest_.remove_prefix(prefix.size());
    return true;
  }
  /// '+' or '-' when it is next.
  std::optional<char> TakeSign() {
    if (rest_.empty() || (rest_[0] != '+' && rest_[0] != '-')) return std::nullopt;
    const char sign = rest_[0];
    rest_.remove_prefix(1);
    return sign;
  }
  /// The N of a trailing "xN"; nullopt without one. Items end at a blank.
  Result<std::optional<std::size_t>> TakeTimes() {
    std::optional<std::size_t> times;
    if (!rest_.empty() && rest_[0] == 'x') {
      std::size_t count = 0;
      const auto [end, error] = std::from_chars(rest_.data() + 1, rest_.data() + rest_.size(), count);
      if (error != std::errc{}) return Bad("want a count after x", rest_);
      if (count > kSlotsMax) return Fail(ErrorCode::kOutOfRange, fmt::format("too many slots: {}", count));
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      times = count;
    }
    if (!rest_.empty() && !IsBlank(rest_[0])) return Bad("unexpected text after a value", rest_);
    return times;
  }

 private:
  std::string_view rest_;
};

// A number without sign. An x counts repetitions unless hexadecimal letters follow: 0x5 is 0 six times, 0x1f is 31.
Result<double> TakeNumber(Items& items) {
  std::string_view& rest = items.mutable_rest();
  std::size_t length = 0;
  if (!rest.empty() && IsLetter(rest[0])) {
    while (length < rest.size() && IsLetter(rest[length]) && rest[length] != 'x')
      ++length;
  } else if (rest.starts_with("0x")) {
    length = promql::ScanNumber(rest).length;
    if (rest.substr(2, length - 2).find_first_not_of("0123456789") == std::string_view::npos) length = 1;
  } else {
    length = promql::ScanNumber(rest).length;
  }
  const auto value = promql::ParseNumber(rest.substr(0, length));
  if (length == 0 || !value) return Bad("want a value", rest);
  rest.remove_prefix(length);
  return *value;
}

Status CheckSlots(std::size_t slots) {
  if (slots <= kSlotsMax) return {};
  return Fail(ErrorCode::kOutOfRange, fmt::format("too many slots in one line: max={}", kSlotsMax));
}

Status TakeFloats(Items& items, SlotValues& out) {
  const auto sign = items.TakeSign();
  TICKSCOPE_ASSIGN_OR_RETURN(double value, TakeNumber(items));
  if (sign == '-') value = -value;
  double step = 0;
  const auto step_sign = items.TakeSign();
  if (step_sign) {
    TICKSCOPE_ASSIGN_OR_RETURN(step, TakeNumber(items));
    if (step_sign == '-') step = -step;
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const auto times, items.TakeTimes());
  if (step_sign && !times) return Bad("want xN after a step", items.rest());
  TICKSCOPE_RETURN_IF_ERROR(CheckSlots(out.size() + times.value_or(0) + 1));
  for (std::size_t i = 0; i <= times.value_or(0); ++i) {
    out.emplace_back(SlotValue{value, nullptr, false});
    value += step;
  }
  return {};
}

Status TakeHistograms(Items& items, SlotValues& out) {
  TICKSCOPE_ASSIGN_OR_RETURN(HistogramNotation first, TakeHistogram(items.mutable_rest()));
  HistogramNotation step;
  const auto sign = items.TakeSign();
  if (sign) {
    TICKSCOPE_ASSIGN_OR_RETURN(step, TakeHistogram(items.mutable_rest()));
    if (!SameBucketKind(first.histogram, step.histogram) || first.histogram.schema > step.histogram.schema) {
      return Bad("histogram and step do not add up: schemas",
                 fmt::format("{} and {}", first.histogram.schema, step.histogram.schema));
    }
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const auto times, items.TakeTimes());
  if (sign && !times) return Bad("want xN after a step", items.rest());
  TICKSCOPE_RETURN_IF_ERROR(CheckSlots(out.size() + times.value_or(0) + 1));
  auto histogram = std::make_shared<const Histogram>(std::move(first.histogram));
  for (std::size_t i = 0; i <= times.value_or(0); ++i) {
    if (i > 0 && sign) {
      CombineNotes notes;
      const auto combine = sign == '+' ? AddHistograms : SubtractHistograms;
      Histogram next = combine(*histogram, step.histogram, notes);
      next.reset_hint = histogram->reset_hint;
      histogram = std::make_shared<const Histogram>(std::move(next));
    }
    out.emplace_back(SlotValue{0, histogram, first.hint_written});
  }
  return {};
}

// "_" and "_xN"; true when it was one.
template <typename Slots>
Result<bool> TakeEmpty(Items& items, Slots& out) {
  if (!items.TakePrefix("_")) return false;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto times, items.TakeTimes());
  TICKSCOPE_RETURN_IF_ERROR(CheckSlots(out.size() + times.value_or(1)));
  out.resize(out.size() + times.value_or(1));
  return true;
}

Result<std::int64_t> TakeDuration(Items& items) {
  std::string_view& rest = items.mutable_rest();
  std::size_t length = 0;
  while (length < rest.size() && (IsDigit(rest[length]) || (IsLetter(rest[length]) && rest[length] != 'x')))
    ++length;
  const auto ms = ParseDurationMs(rest.substr(0, length));
  if (!ms) return Bad("want a duration", rest);
  rest.remove_prefix(length);
  return *ms;
}

}  // namespace

Result<SlotValues> ParseValues(std::string_view text) {
  SlotValues out;
  for (Items items(text); items.Next();) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool empty, TakeEmpty(items, out));
    if (empty) continue;
    if (items.rest().starts_with("{{")) {
      TICKSCOPE_RETURN_IF_ERROR(TakeHistograms(items, out));
    } else if (items.TakePrefix("stale")) {
      TICKSCOPE_ASSIGN_OR_RETURN(const auto times, items.TakeTimes());
      TICKSCOPE_RETURN_IF_ERROR(CheckSlots(out.size() + times.value_or(0) + 1));
      for (std::size_t i = 0; i <= times.value_or(0); ++i)
        out.emplace_back(SlotValue{StaleNan(), nullptr, false});
    } else {
      TICKSCOPE_RETURN_IF_ERROR(TakeFloats(items, out));
    }
  }
  return out;
}

Result<SlotOffsets> ParseStartOffsets(std::string_view text) {
  SlotOffsets out;
  for (Items items(text); items.Next();) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool empty, TakeEmpty(items, out));
    if (empty) continue;
    const auto sign = items.TakeSign();
    TICKSCOPE_ASSIGN_OR_RETURN(std::int64_t offset, TakeDuration(items));
    if (sign == '-') offset = -offset;
    std::int64_t step = 0;
    const auto step_sign = items.TakeSign();
    if (step_sign) {
      TICKSCOPE_ASSIGN_OR_RETURN(step, TakeDuration(items));
      if (step_sign == '-') step = -step;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const auto times, items.TakeTimes());
    if (step_sign && !times) return Bad("want xN after a step", items.rest());
    TICKSCOPE_RETURN_IF_ERROR(CheckSlots(out.size() + times.value_or(0) + 1));
    for (std::size_t i = 0; i <= times.value_or(0); ++i) {
      out.emplace_back(offset);
      if (__builtin_add_overflow(offset, step, &offset)) return Bad("start offset overflows", text);
    }
  }
  return out;
}

Result<std::int64_t> ParseSignedDurationMs(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t ms, ParseDurationMs(text));
  return negative ? -ms : ms;
}

}  // namespace tickscope::promqltest
