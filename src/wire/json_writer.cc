#include "wire/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "wire/float_text.h"

namespace tickscope::wire {
namespace {

enum class ByteKind : std::uint8_t { kPlain, kEscape, kMultibyte };

constexpr std::array<ByteKind, 256> kByteKinds = [] {
  std::array<ByteKind, 256> kinds{};
  for (std::size_t byte = 0; byte < 0x20; ++byte)
    kinds[byte] = ByteKind::kEscape;
  for (std::size_t byte = 0x80; byte < 256; ++byte)
    kinds[byte] = ByteKind::kMultibyte;
  kinds['"'] = ByteKind::kEscape;
  kinds['\\'] = ByteKind::kEscape;
  return kinds;
}();

void AppendEscape(char byte, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += kHex[static_cast<unsigned char>(byte) >> 4];
  out += kHex[static_cast<unsigned char>(byte) & 0xf];
}

// Bytes of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7), 0 when there is
// none.
std::size_t SequenceBytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xc0U) == 0x80U; };
  const unsigned lead = at(0);
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && at(1) < 0xa0;
    const bool surrogate = lead == 0xed && at(1) > 0x9f;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && at(1) < 0x90;
    const bool past_unicode = lead == 0xf4 && at(1) > 0x8f;
    return continues(1) && continues(2) && continues(3) && !overlong && !past_unicode ? 4 : 0;
  }
  return 0;
}

constexpr std::size_t kSecondsCharsMax = 24;  // "-9223372036854775.808" is 21.

// Writes `time_ms` as seconds; returns the end.
char* WriteSeconds(std::int64_t time_ms, char* out) {
  char* const end = out + kSecondsCharsMax;
  // Unsigned, so that the most negative time has a magnitude too.
  std::uint64_t magnitude = static_cast<std::uint64_t>(time_ms);
  if (time_ms < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  out = std::to_chars(out, end, magnitude / 1000).ptr;
  const auto fraction = static_cast<unsigned>(magnitude % 1000);
  if (fraction == 0) return out;
  *out++ = '.';
  *out++ = static_cast<char>('0' + fraction / 100);
  *out++ = static_cast<char>('0' + fraction / 10 % 10);
  *out++ = static_cast<char>('0' + fraction % 10);
  return out;
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const auto special = std::find_if(text.begin(), text.end(), [](char c) {
      return kByteKinds[static_cast<unsigned char>(c)] != ByteKind::kPlain;
    });
    const auto plain_bytes = static_cast<std::size_t>(special - text.begin());
    out.append(text.substr(0, plain_bytes));
    text.remove_prefix(plain_bytes);
    if (text.empty()) break;
    std::size_t taken = 1;
    if (kByteKinds[static_cast<unsigned char>(text.front())] == ByteKind::kEscape) {
      AppendEscape(text.front(), out);
    } else if (const std::size_t bytes = SequenceBytes(text); bytes > 0) {
      out.append(text.substr(0, bytes));
      taken = bytes;
    } else {
      out += "\\ufffd";
    }
    text.remove_prefix(taken);
  }
  out += '"';
}

void JsonWriter::Separate() {
  if (comma_due_) out_ += ',';
  comma_due_ = true;
}

void JsonWriter::Open(char bracket) {
  Separate();
  out_ += bracket;
  comma_due_ = false;
}

void JsonWriter::Close(char bracket) {
  out_ += bracket;
  comma_due_ = true;
}

void JsonWriter::Key(std::string_view name) {
  Separate();
  AppendJsonString(name, out_);
  out_ += ':';
  comma_due_ = false;
}

void JsonWriter::String(std::string_view text) {
  Separate();
  AppendJsonString(text, out_);
}

void JsonWriter::Int(std::int64_t value) {
  Separate();
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  out_.append(buffer, end.ptr);
}

void JsonWriter::Uint(std::uint64_t value) {
  Separate();
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  out_.append(buffer, end.ptr);
}

void JsonWriter::Bool(bool value) {
  Separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::Null() {
  Separate();
  out_ += "null";
}

void JsonWriter::Number(double value) {
  TICKSCOPE_DCHECK(std::isfinite(value));
  Separate();
  AppendFloat(value, out_);
}

void JsonWriter::FloatString(double value) {
  Separate();
  out_ += '"';
  AppendFloat(value, out_);
  out_ += '"';
}

void JsonWriter::FixedFloatString(double value) {
  Separate();
  out_ += '"';
  AppendFixedFloat(value, out_);
  out_ += '"';
}

void JsonWriter::SecondsFromMs(std::int64_t time_ms) {
  Separate();
  char buffer[kSecondsCharsMax];
  out_.append(buffer, WriteSeconds(time_ms, buffer));
}

void JsonWriter::Sample(std::int64_t time_ms, double value) {
  char buffer[kSecondsCharsMax + kFloatCharsMax + 8];
  char* end = buffer;
  if (comma_due_) *end++ = ',';
  *end++ = '[';
  end = WriteSeconds(time_ms, end);
  *end++ = ',';
  *end++ = '"';
  end = WriteFloat(value, end);
  *end++ = '"';
  *end++ = ']';
  out_.append(buffer, end);
  comma_due_ = true;
}

}  // namespace tickscope::wire
