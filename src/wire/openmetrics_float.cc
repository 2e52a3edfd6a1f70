#include "wire/openmetrics_float.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "model/sample.h"

namespace tickscope::wire {
namespace {

// Characters only a decimal number, an infinity or NaN has. from_chars would also take "nan(text)".
bool IsFloatCharacter(char c) {
  return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

}  // namespace

std::optional<double> ParseExpositionFloat(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) {
    digits.remove_prefix(1);
    if (digits.starts_with('-')) return std::nullopt;
  }
  if (digits.empty() || !IsFloatCharacter(digits.back())) return std::nullopt;
  double value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  if (at != end) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too small is zero or a subnormal, too large is refused; from_chars does not say which.
    value = std::strtod(std::string(digits).c_str(), nullptr);
    if (std::isinf(value)) return std::nullopt;
    return value;
  }
  if (error != std::errc()) return std::nullopt;
  if (std::isnan(value)) return text.size() == 3 ? std::optional(NormalNan()) : std::nullopt;
  return value;
}

std::optional<TimeMs> SecondsToNearestMs(double seconds) {
  const double ms = std::round(seconds * 1000.0);
  if (!(std::fabs(ms) < 0x1p63)) return std::nullopt;
  return static_cast<TimeMs>(ms);
}

std::optional<TimeMs> SecondsToMs(double seconds) {
  const double ms = seconds * 1000.0;
  if (!(std::fabs(ms) < 0x1p63)) return std::nullopt;
  return static_cast<TimeMs>(ms);
}

void AppendOpenMetricsFloat(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  char scientific[32];
  const auto end =
      std::to_chars(scientific, scientific + sizeof scientific, value, std::chars_format::scientific);
  const std::string_view text(scientific, static_cast<std::size_t>(end.ptr - scientific));
  const std::size_t e = text.find('e');
  int exponent = 0;
  const std::size_t sign = text[e + 1] == '+' ? 1 : 0;
  std::from_chars(text.data() + e + 1 + sign, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 6) {
    out += text;
    return;
  }
  char fixed[32];
  const auto fixed_end = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed);
  const std::string_view plain(fixed, static_cast<std::size_t>(fixed_end.ptr - fixed));
  out += plain;
  if (plain.find('.') == std::string_view::npos) out += ".0";
}

}  // namespace tickscope::wire
