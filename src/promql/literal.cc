#include "promql/literal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/check.h"
#include "model/labels.h"

namespace tickscope::promql {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int HexValue(char c) {
  return IsDigit(c) ? c - '0' : Lower(c) - 'a' + 10;
}

bool IsHex(std::string_view text) {
  return text.size() >= 2 && text[0] == '0' && Lower(text[1]) == 'x';
}

// Users know these words, which come from the reference's language.
std::string BadNumber(std::string_view text, std::string_view why) {
  return fmt::format("error parsing number: strconv.ParseFloat: parsing {}: {}", Quote(text), why);
}

Result<double> ParseInteger(std::string_view digits, int base) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return Fail(ErrorCode::kInvalidArgument, "error parsing number: " + Quote(digits));
  }
  return static_cast<double>(value);
}

Result<double> ParseUnsigned(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  if (lower == "inf" || lower == "infinity") return std::numeric_limits<double>::infinity();
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  std::erase(lower, '_');
  // from_chars takes signs and words such as nan(1) of its own; digits lead here.
  const std::size_t digits_at = IsHex(lower) ? 2 : 0;
  const bool digits_lead =
      digits_at < lower.size() && (IsHexDigit(lower[digits_at]) || lower[digits_at] == '.');
  if (!digits_lead) return Fail(ErrorCode::kInvalidArgument, BadNumber(text, "invalid syntax"));
  if (IsHex(lower)) return ParseInteger(std::string_view(lower).substr(2), 16);
  const bool octal = lower.size() > 1 && lower[0] == '0' &&
                     std::all_of(lower.begin(), lower.end(), [](char c) { return c >= '0' && c <= '7'; });
  if (octal) return ParseInteger(lower, 8);
  double value = 0;
  const auto [end, error] = std::from_chars(lower.data(), lower.data() + lower.size(), value);
  if (end != lower.data() + lower.size() || error == std::errc::invalid_argument) {
    return Fail(ErrorCode::kInvalidArgument, BadNumber(text, "invalid syntax"));
  }
  if (error == std::errc::result_out_of_range) {
    // Too small rounds to zero; too large is refused.
    if (lower.find("e-") != std::string::npos) return 0.0;
    return Fail(ErrorCode::kInvalidArgument, BadNumber(text, "value out of range"));
  }
  return value;
}

// One escape sequence, decoded.
struct Escape {
  std::size_t length = 0;  // Bytes after the backslash.
  bool is_byte = false;    // \x and octal escapes give a byte, not a character.
  std::uint32_t value = 0;
};

Result<std::uint32_t> EscapeDigits(std::string_view text, std::size_t count, int base) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i >= text.size()) return Fail(ErrorCode::kInvalidArgument, "escape sequence not terminated");
    const bool valid = base == 16 ? IsHexDigit(text[i]) : text[i] >= '0' && text[i] <= '7';
    if (!valid) {
      const std::string_view rest = text.substr(i);
      return Fail(ErrorCode::kInvalidArgument,
                  "illegal character " + QuoteCharacter(rest) + " in escape sequence");
    }
    value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(HexValue(text[i]));
  }
  return value;
}

// `text` starts after the backslash.
Result<Escape> ReadEscape(std::string_view text, char quote) {
  if (text.empty()) return Fail(ErrorCode::kInvalidArgument, "escape sequence not terminated");
  const char c = text[0];
  if (c == quote) return Escape{1, true, static_cast<std::uint32_t>(c)};
  constexpr std::string_view kNames = "abfnrtv\\";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\";
  if (const std::size_t i = kNames.find(c); i != std::string_view::npos) {
    return Escape{1, true, static_cast<std::uint32_t>(kValues[i])};
  }
  if (c >= '0' && c <= '7') {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::uint32_t value, EscapeDigits(text, 3, 8));
    if (value > 255)
      return Fail(ErrorCode::kInvalidArgument, "escape sequence is an invalid Unicode code point");
    return Escape{3, true, value};
  }
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits == 0) {
    return Fail(ErrorCode::kInvalidArgument, "unknown escape sequence " + QuoteCharacter(text));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint32_t value, EscapeDigits(text.substr(1), digits, 16));
  if (c != 'x' && (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))) {
    return Fail(ErrorCode::kInvalidArgument, "escape sequence is an invalid Unicode code point");
  }
  return Escape{digits + 1, c == 'x', value};
}

void AppendUtf8(std::uint32_t point, std::string& out) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

NumberScan ScanNumber(std::string_view text) {
  std::size_t at = 0;
  const auto at_any = [&](std::string_view set) {
    return at < text.size() && set.find(text[at]) != std::string_view::npos;
  };
  const auto take = [&](std::string_view set) { return at_any(set) ? (++at, true) : false; };
  const auto malformed = [&] { return NumberScan{at, false}; };

  // A leading zero may be the beginning of 0x, so what follows it counts as the beginning once more: 0.1.2 is one number,
  // which then has no value, where 1.1.2 is none.
  const bool hex = take("0") && take("xX");
  const std::string_view digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
  if (hex) take("_");
  take(".");
  take(digits);
  bool dot = false;
  bool exponent = false;
  while (at_any(digits) || at_any("._eE")) {
    if (at_any(".")) {
      ++at;
      if (dot || hex || take("_.")) return malformed();
      dot = true;
    } else if (at_any("eE")) {
      ++at;
      if (exponent) return malformed();
      exponent = true;
      take("+-");
      if (take("._eE") || at == text.size()) return malformed();
    } else if (take("_")) {
      if (take("._eE") || at == text.size()) return malformed();
    }
    while (take(digits)) {
    }
  }
  return {at, at > 0};
}

Result<double> ParseNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  TICKSCOPE_ASSIGN_OR_RETURN(const double value, ParseUnsigned(text));
  return negative ? -value : value;
}

std::string FormatNumber(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  // Fixed notation writes large integers to the last digit; wanted are the shortest digits, filled up with zeros.
  constexpr double kExactIntegerMax = 9007199254740992.0;
  char buffer[1100];  // -4.9e-324 written out takes 1,078 characters.
  const bool large = std::fabs(value) > kExactIntegerMax;
  const auto format = large ? std::chars_format::scientific : std::chars_format::fixed;
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, format);
  TICKSCOPE_CHECK(error == std::errc{});
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  if (!large) return std::string(text);
  const std::size_t exponent_at = text.find("e+");
  std::size_t exponent = 0;
  std::from_chars(buffer + exponent_at + 2, end, exponent);
  std::string out(text.substr(0, exponent_at));
  const std::size_t sign_length = value < 0 ? 1 : 0;
  std::erase(out, '.');
  out.append(sign_length + exponent + 1 - out.size(), '0');
  return out;
}

Result<std::size_t> ScanString(std::string_view text) {
  TICKSCOPE_DCHECK(!text.empty());
  const char quote = text[0];
  for (std::size_t at = 1; at < text.size(); ++at) {
    const char c = text[at];
    if (c == quote) return at + 1;
    if (quote == '`') continue;
    if (c == '\n') break;
    if (c == '\\') {
      TICKSCOPE_ASSIGN_OR_RETURN(const Escape escape, ReadEscape(text.substr(at + 1), quote));
      at += escape.length;
    }
  }
  return Fail(ErrorCode::kInvalidArgument,
              quote == '`' ? "unterminated raw string" : "unterminated quoted string");
}

std::string Unquote(std::string_view text) {
  TICKSCOPE_CHECK(text.size() >= 2 && text.front() == text.back());
  const char quote = text[0];
  const std::string_view content = text.substr(1, text.size() - 2);
  if (quote == '`' || content.find('\\') == std::string_view::npos) return std::string(content);
  std::string out;
  out.reserve(content.size());
  for (std::size_t at = 0; at < content.size(); ++at) {
    if (content[at] != '\\') {
      out += content[at];
      continue;
    }
    const auto escape = ReadEscape(content.substr(at + 1), quote);
    TICKSCOPE_CHECK(escape.has_value());
    if (escape->is_byte) {
      out += static_cast<char>(escape->value);
    } else {
      AppendUtf8(escape->value, out);
    }
    at += escape->length;
  }
  return out;
}

std::size_t CharacterLength(std::string_view text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (IsValidUtf8(text.substr(0, length))) return length;
  }
  return text.empty() ? 0 : 1;
}

std::string Quote(std::string_view text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const auto plain_end =
        std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_plain);
    if (const auto length = static_cast<std::size_t>(plain_end - text.begin()) - at; length > 0) {
      out += text.substr(at, length);
      at += length;
      continue;
    }
    const std::size_t length = CharacterLength(text.substr(at));
    const std::string_view character = text.substr(at, length);
    const char c = character[0];
    at += length;
    constexpr std::string_view kNames = "abfnrtv\\\"";
    constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\\"";
    if (const std::size_t i = kValues.find(c); length == 1 && i != std::string_view::npos) {
      out += '\\';
      out += kNames[i];
    } else if (length == 1 &&
               (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += character;
    }
  }
  out += '"';
  return out;
}

std::string QuoteCharacter(std::string_view text) {
  const std::size_t length = CharacterLength(text);
  if (length == 0 || !IsValidUtf8(text.substr(0, length))) return "'\xef\xbf\xbd'";
  if (text[0] == '\'') return "'\\''";
  if (text[0] == '"') return "'\"'";
  std::string quoted = Quote(text.substr(0, length));
  quoted.front() = quoted.back() = '\'';
  return quoted;
}

}  // namespace tickscope::promql
