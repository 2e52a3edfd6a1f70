// PlainText: text as a detector should see it, with a way back to where each byte was.
//
// "ｊohn＠example．com" and "jo<zero-width>hn@example.com" are an e-mail address to whoever reads them. So before a
// scan full-width, mathematical, Cyrillic and Greek look-alikes become the ASCII they look like, accents go, digits of
// all scripts become 0 to 9, every space a space and every dash a hyphen, and what has no width is left out. Any other
// character beyond ASCII becomes one kForeign byte. ASCII stays as it is, without a copy.
//
// Memory     For text that is not ASCII: five bytes a byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tickscope::guard {

/// Stands for a character that has no ASCII look-alike, and for a byte that is not UTF-8.
inline constexpr char kForeign = static_cast<char>(0x80);

/// Whether a text is its own plain form: most are.
[[nodiscard]] bool IsAscii(std::string_view text);

class PlainText {
 public:
  /// `original` outlives this.
  explicit PlainText(std::string_view original);
  PlainText(const PlainText&) = delete;
  PlainText& operator=(const PlainText&) = delete;

  [[nodiscard]] std::string_view text() const { return plain_; }
  /// Where byte `at` of text(), or its end, is in the original.
  [[nodiscard]] std::size_t OriginalOf(std::size_t at) const { return origins_.empty() ? at : origins_[at]; }
  /// The end in the original of what ends before byte `at` of text(): what is left out behind it is not part of it.
  [[nodiscard]] std::size_t OriginalEndOf(std::size_t at) const {
    return ends_.empty() || at == 0 ? OriginalOf(at) : ends_[at - 1];
  }

 private:
  std::string_view plain_;
  std::string made_;
  std::vector<std::uint32_t> origins_;  // Of each byte made, and of the end; empty when nothing was made.
  std::vector<std::uint32_t> ends_;     // Of each byte made.
};

}  // namespace tickscope::guard
