// YamlWriter: writes a configuration with a comment over every setting, so that `config show` teaches the
// file.
//
//   YamlWriter out;
//   out.Comment("Address to listen on; port 0 takes a free one.");
//   out.String("listen", "127.0.0.1:9280");
//   out.Comment("What the embedded stream may keep.");
//   out.BeginMap("stream");
//   out.Bytes("bytes_max", 10ULL << 30);
//   out.EndMap();
//
// What is written reads back through YamlReader to the same values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tickscope::config {

class YamlWriter {
 public:
  /// One or more lines ("\n" between them) in front of the next setting.
  void Comment(std::string_view text);
  void String(std::string_view key, std::string_view value);
  void Bool(std::string_view key, bool value);
  void Int(std::string_view key, std::int64_t value);
  void Double(std::string_view key, double value);
  void DurationMs(std::string_view key, std::int64_t value_ms);
  void Bytes(std::string_view key, std::uint64_t value);
  void Strings(std::string_view key, std::span<const std::string> values);
  void StringMap(std::string_view key, std::span<const std::pair<std::string, std::string>> values);
  void BeginMap(std::string_view key);
  void EndMap();
  /// A list of maps: BeginList, then BeginItem ... EndItem each, then EndList.
  void BeginList(std::string_view key);
  void BeginItem();
  void EndItem();
  void EndList();

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void StartLine();
  void Raw(std::string_view key, std::string_view value);
  void Begin(std::string_view key);

  std::string text_;
  std::size_t depth_ = 0;
  bool item_starts_ = false;  // The next line carries the "- " of a list item.
};

/// A scalar as YAML text: plain when that reads back unchanged, else double-quoted with escapes.
[[nodiscard]] std::string QuoteYaml(std::string_view value);

}  // namespace tickscope::config
