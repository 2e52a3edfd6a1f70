// Digit groups: numbers that stand so close that they may be one, as "4111 1111-1111 1111" or "+1 (555) 010-9999", and
// what they are: cards, phone numbers, IPv4 addresses, long numbers.
//
// Cost   Linear: every group is the start of at most kWindowGroupsMax looks.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "guard/number_words.h"
#include "guard/pii_finding.h"

namespace tickscope::guard {

/// A row of fewer digits is nothing.
inline constexpr std::size_t kRowDigitsMin = 6;

/// Length of what stands between two groups of one number at `at`, where the first ends; 0 for none.
[[nodiscard]] std::size_t SeparatorAt(std::string_view text, std::size_t at);

/// The end of a row that is only a date, 2026-11-26, and perhaps an hour behind it, " 09:"; `at` for another. Nothing is found in
/// one.
[[nodiscard]] std::size_t EndOfDate(std::string_view text, std::size_t at);

/// A row of numbers by its outside: groups of digits, and one or two bytes between them that may link them.
struct RowShape {
  std::size_t begin;
  std::size_t size;        ///< Bytes.
  std::size_t digits;      ///< How many of them are.
  std::size_t groups;      ///< At least one.
  std::size_t first_size;  ///< Digits of the first group.
  bool has_bracket;
};

/// Whether FindInDigits may find anything of `kinds` in the row: for counts, times and fractions, which most are, false.
[[nodiscard]] bool MayHoldNumber(std::string_view text, const RowShape& row, PiiKinds kinds);

/// Looks at the digits from `at`, where a group begins, and appends what it finds, in order; `words` are those before.
/// Returns where to go on: behind all groups that were looked at.
/// Requires: text[at] is a digit, and the byte before, if any, is no digit.
[[nodiscard]] std::size_t FindInDigits(std::string_view text, std::size_t at, NumberWords& words,
                                       PiiKinds kinds, std::vector<PiiFinding>& out);

}  // namespace tickscope::guard
