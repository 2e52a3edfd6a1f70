#include "lint/source_text.h"

#include <algorithm>

namespace tickscope::lint {
namespace {

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool GoesOn(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

// How many bytes a \u escape of UTF-16 becomes in UTF-8; a low surrogate adds to the high one before it.
std::size_t Utf8Bytes(unsigned code) {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  if (code >= 0xd800 && code < 0xdc00) return 4;
  if (code >= 0xdc00 && code < 0xe000) return 0;
  return 3;
}

unsigned HexOf(std::string_view digits) {
  unsigned code = 0;
  for (const char c : digits) {
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                  : 0;
    code = code * 16 + digit;
  }
  return code;
}

}  // namespace

SourceText::SourceText(std::string_view text) : text_(text), line_starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
}

config::YamlPosition SourceText::PositionAt(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::ranges::upper_bound(line_starts_, offset);
  const std::size_t line = static_cast<std::size_t>(after - line_starts_.begin());
  return {static_cast<int>(line), static_cast<int>(offset - line_starts_[line - 1]) + 1};
}

std::size_t SourceText::OffsetAt(config::YamlPosition position) const {
  if (position.line < 1 || static_cast<std::size_t>(position.line) > line_starts_.size()) return text_.size();
  std::size_t at = line_starts_[static_cast<std::size_t>(position.line) - 1];
  for (int column = 1; column < position.column && at < text_.size(); ++column) {
    ++at;
    while (at < text_.size() && GoesOn(text_[at]))
      ++at;
  }
  return std::min(at, text_.size());
}

config::YamlPosition SourceText::InYamlScalar(config::YamlPosition begin, std::string_view value,
                                              std::size_t offset) const {
  // Folding and indentation change blanks only, so a byte is found by how many others come before it.
  const std::string_view before = value.substr(0, std::min(offset, value.size()));
  auto left = static_cast<std::size_t>(std::ranges::count_if(before, [](char c) { return !IsBlank(c); }));
  std::size_t at = OffsetAt(begin);
  if (at >= text_.size()) return begin;
  const char quote = text_[at] == '"' || text_[at] == '\'' ? text_[at] : '\0';
  if (quote != '\0') {
    ++at;
  } else if (text_[at] == '|' || text_[at] == '>') {
    at = std::min(text_.find('\n', at), text_.size());
  }
  const bool at_end = offset >= value.size();
  while (at < text_.size()) {
    if (IsBlank(text_[at])) {
      ++at;
      continue;
    }
    std::size_t width = 1;
    std::size_t counts = 1;
    if (quote == '"' && text_[at] == '\\' && at + 1 < text_.size()) {
      width = 2;
      const char escape = text_[at + 1];
      if (escape == 'n' || escape == 't' || escape == '\n' || escape == ' ') counts = 0;
      if (escape == 'x') width = 4;
      if (escape == 'u') {
        width = 6;
        counts = Utf8Bytes(HexOf(text_.substr(at + 2, 4)));
      }
    } else if (quote == '\'' && text_[at] == '\'' && at + 1 < text_.size() && text_[at + 1] == '\'') {
      width = 2;
    } else if (text_[at] == quote) {
      break;
    }
    if (left < counts || (left == 0 && counts == 1)) break;
    if (left == 0 && at_end) break;
    left -= counts;
    at += width;
    if (left == 0 && at_end) break;
  }
  return PositionAt(at);
}

config::YamlPosition SourceText::InJsonString(std::size_t quote_offset, std::size_t offset) const {
  std::size_t at = quote_offset + 1;
  std::size_t decoded = 0;
  while (at < text_.size() && decoded < offset && text_[at] != '"') {
    std::size_t width = 1;
    std::size_t bytes = 1;
    if (text_[at] == '\\') {
      const bool code = at + 1 < text_.size() && text_[at + 1] == 'u';
      width = code ? 6 : 2;
      if (code) bytes = Utf8Bytes(HexOf(text_.substr(at + 2, 4)));
    }
    at += width;
    decoded += bytes;
  }
  return PositionAt(at);
}

}  // namespace tickscope::lint
