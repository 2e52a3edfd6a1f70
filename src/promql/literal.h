// Literals of PromQL: numbers such as 1_000, 0x1F and 1e3, and quoted strings with Go's escapes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::promql {

/// What looks like a number at the start of `text`, up to where it ends or cannot go on, and whether it is well formed:
/// `1_`, `1e` and `1.5.2` are not. Since e is both a digit and an exponent, `0xee` is not either, as in Prometheus.
struct NumberScan {
  std::size_t length = 0;
  bool valid = false;
};
[[nodiscard]] NumberScan ScanNumber(std::string_view text);

/// Value of a number: decimal with digits separated by `_`, 0x hexadecimal, 0-led octal, Inf or NaN in any
/// case, each with an optional sign. Errors: kInvalidArgument.
[[nodiscard]] Result<double> ParseNumber(std::string_view text);

/// Shortest text that reads back as `value`, without an exponent: "0.1", "1000000", "+Inf".
[[nodiscard]] std::string FormatNumber(double value);

/// Bytes of the quoted string at the start of `text`, quotes included.
/// Errors: kInvalidArgument for a string without end or with a bad escape.
[[nodiscard]] Result<std::size_t> ScanString(std::string_view text);

/// Content of a well-formed quoted string. Requires what ScanString accepts, the whole of it.
[[nodiscard]] std::string Unquote(std::string_view text);

/// In double quotes, with escapes for what does not print and for bytes that are not UTF-8.
[[nodiscard]] std::string Quote(std::string_view text);

/// One character in single quotes, as error messages show it; U+FFFD for bytes that are not UTF-8 and for the
/// end.
[[nodiscard]] std::string QuoteCharacter(std::string_view text);

/// Bytes of the UTF-8 character at the start of `text`; 1 when it is damaged, 0 at the end.
[[nodiscard]] std::size_t CharacterLength(std::string_view text);

}  // namespace tickscope::promql
