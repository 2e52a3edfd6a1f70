// Fields: lines of the kernel's text files, and the words of a line. Views into the text, nothing is allocated.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tickscope::host {

/// Takes the next line off `text`, without its end; nullopt when there is none.
[[nodiscard]] inline std::optional<std::string_view> TakeLine(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// Takes the next word off `line`; empty when there is none. Blanks and tabs are between words.
[[nodiscard]] inline std::string_view TakeWord(std::string_view& line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) {
    line = {};
    return {};
  }
  const std::size_t end = line.find_first_of(" \t\r", begin);
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end);
  return word;
}

/// All of `word` as a number; nullopt for anything else, and for one over 64 bits.
[[nodiscard]] inline std::optional<std::uint64_t> ToUint(std::string_view word, int base = 10) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  if (error != std::errc() || end != word.data() + word.size() || word.empty()) return std::nullopt;
  return number;
}

/// All of `word` as a finite decimal number, with a sign or without; nullopt for anything else.
[[nodiscard]] inline std::optional<double> ToReal(std::string_view word) {
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

/// The next word of the line as a number.
[[nodiscard]] inline std::optional<std::uint64_t> TakeUint(std::string_view& line) {
  return ToUint(TakeWord(line));
}

}  // namespace tickscope::host
