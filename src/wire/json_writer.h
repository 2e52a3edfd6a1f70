// JsonWriter: JSON straight into a string, without a tree. It places commas; the caller opens and closes.
//
//   JsonWriter json(out, kResponseBytesMax);
//   json.BeginObject();
//   json.Key("status");
//   json.String("success");
//   json.EndObject();                       {"status":"success"}
//
// Text that is not UTF-8 is written with U+FFFD in place of each bad byte, so the output always is.
// Bounds    Past `bytes_max` the writer reports full(); loops over data ask it once an element and end early.
//           The caller then throws the text away: it is cut, not closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tickscope::wire {

class JsonWriter {
 public:
  /// Appends to `out`, which outlives the writer.
  JsonWriter(std::string& out, std::size_t bytes_max) : out_(out), bytes_max_(bytes_max) {}

  void BeginObject() { Open('{'); }
  void EndObject() { Close('}'); }
  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }

  void Key(std::string_view name);
  void String(std::string_view text);
  void Int(std::int64_t value);
  void Uint(std::uint64_t value);
  void Bool(bool value);
  void Null();
  /// A finite number in shortest form; Prometheus writes sample values as strings instead (FloatString).
  void Number(double value);
  /// A sample value: a float in quotes, wire/float_text.h says how.
  void FloatString(double value);
  /// The same, never with an exponent.
  void FixedFloatString(double value);
  /// Milliseconds as seconds: no fraction, or exactly three digits of it (1.050).
  void SecondsFromMs(std::int64_t time_ms);

  /// `[time,"value"]`, the two above in one go: an answer is mostly this.
  void Sample(std::int64_t time_ms, double value);

  [[nodiscard]] bool full() const { return out_.size() > bytes_max_; }

 private:
  void Open(char bracket);
  void Close(char bracket);
  void Separate();

  std::string& out_;
  const std::size_t bytes_max_;
  bool comma_due_ = false;
};

/// Appends `text` as a JSON string with its quotes.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace tickscope::wire
