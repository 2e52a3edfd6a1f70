// LineText: what of a log line's bytes is text.
//
// Log files hold more than text: half a character where a process died, zeros where a truncated file was written on, a core dump that went
// to the wrong place. A receiver takes UTF-8 only, so what is no text is replaced, and what is hardly any text is not sent.
//
// Threads   None shared.
// Cost      One pass over what is ASCII; three over what is not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tickscope::logs {

enum class TextVerdict : std::uint8_t {
  kText,    ///< As it came, but for its end.
  kMended,  ///< NUL and bytes that are no UTF-8 became U+FFFD each.
  kBlank,   ///< Nothing but white space.
  kBinary,  ///< More than a quarter of it would have to be replaced.
};

struct LineText {
  TextVerdict verdict = TextVerdict::kText;
  std::string_view text;  ///< Of the bytes given or of the scratch. Empty for kBlank and kBinary.
};

/// A line without its line feed. Carriage returns and white space at its end, and NUL bytes before it (the hole of a file that was
/// truncated under its writer), are no part of its text.
[[nodiscard]] LineText MendLine(std::string_view raw, std::string& scratch);

/// The longest start of the text of at most `bytes_max` bytes that does not end within a character.
[[nodiscard]] std::string_view CutText(std::string_view text, std::size_t bytes_max);

}  // namespace tickscope::logs
