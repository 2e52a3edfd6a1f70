// JsonTree: a JSON text as a tree in which every value knows its place, so that lint can point at it.
//
// Strict JSON (RFC 8259), and bounded: depth, values and size are at most the limits below. When a key comes twice in an
// object, both entries are kept and Find gives the first.
//
// Threads   Immutable once parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tickscope::lint {

inline constexpr std::size_t kJsonBytesMax = 8 << 20;
inline constexpr std::size_t kJsonValuesMax = 500'000;
inline constexpr std::size_t kJsonDepthMax = 64;

enum class JsonKind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

struct JsonMember;

struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  std::size_t offset = 0;  ///< Of its first byte.
  std::string text;        ///< Of a string, escapes resolved; of a number or bool as written.
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;  ///< Of an object, in the order of the text.

  /// The member of that key; null when there is none or this is no object. Owned by this value.
  [[nodiscard]] const JsonValue* Find(std::string_view key) const;
  /// Text of the string member of that key, else empty.
  [[nodiscard]] std::string_view TextOf(std::string_view key) const;
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

struct JsonMistake {
  std::size_t offset = 0;
  std::string text;
};

[[nodiscard]] std::expected<JsonValue, JsonMistake> ParseJson(std::string_view text);

}  // namespace tickscope::lint
