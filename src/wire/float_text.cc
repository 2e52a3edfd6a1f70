#include "wire/float_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"

namespace tickscope::wire {
namespace {

constexpr double kFixedMin = 1e-6;
constexpr double kFixedEnd = 1e21;
/// Below it every digit of a double's fixed notation counts; from it on std::to_chars prints the exact expansion.
constexpr double kFixedExactEnd = 0x1p53;
constexpr std::size_t kShortestCharsMax = 32;  // "-2.2250738585072014e-308" is 24.

bool AppendSpecial(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
    return true;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return true;
  }
  return false;
}

std::span<char> Scientific(double value, char (&buffer)[kShortestCharsMax]) {
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  TICKSCOPE_DCHECK(end.ec == std::errc());
  return {buffer, end.ptr};
}

// Lays "d.ddde+XX" out without its exponent.
void AppendSpreadOut(double value, std::string& out) {
  char buffer[kShortestCharsMax];
  std::span<char> text = Scientific(value, buffer);
  if (text.front() == '-') {
    out += '-';
    text = text.subspan(1);
  }
  const auto exponent_at = static_cast<std::size_t>(std::ranges::find(text, 'e') - text.begin());
  int exponent = 0;
  const bool negative = text[exponent_at + 1] == '-';
  std::from_chars(&text[exponent_at + 2], text.data() + text.size(), exponent);

  std::string_view digits(text.data(), 1);
  if (exponent_at > 1) {
    text[1] = text[0];  // Over the point, so that the digits are one run.
    digits = {&text[1], exponent_at - 1};
  }
  const auto shift = static_cast<std::size_t>(exponent);
  if (negative && exponent != 0) {
    out += "0.";
    out.append(shift - 1, '0');
    out += digits;
  } else if (shift + 1 >= digits.size()) {
    out += digits;
    out.append(shift + 1 - digits.size(), '0');
  } else {
    out.append(digits, 0, shift + 1);
    out += '.';
    out.append(digits, shift + 1);
  }
}

}  // namespace

char* WriteFloat(double value, char* out) {
  const double magnitude = std::abs(value);
  char* const end = out + kFloatCharsMax;
  // Whole numbers are most of what a metrics store answers with; zero goes on for its sign.
  if (magnitude < kFixedExactEnd && magnitude >= 1 && std::trunc(value) == value) {
    return std::to_chars(out, end, static_cast<std::int64_t>(value)).ptr;
  }
  if (magnitude == 0 || (magnitude >= kFixedMin && magnitude < kFixedExactEnd)) {
    return std::to_chars(out, end, value, std::chars_format::fixed).ptr;
  }
  if (magnitude < kFixedMin || (magnitude >= kFixedEnd && std::isfinite(value))) {
    return std::to_chars(out, end, value, std::chars_format::scientific).ptr;
  }
  std::string text;
  AppendFixedFloat(value, text);
  return std::ranges::copy(text, out).out;
}

void AppendFloat(double value, std::string& out) {
  char buffer[kFloatCharsMax];
  out.append(buffer, WriteFloat(value, buffer));
}

void AppendFixedFloat(double value, std::string& out) {
  if (!AppendSpecial(value, out)) AppendSpreadOut(value, out);
}

}  // namespace tickscope::wire
