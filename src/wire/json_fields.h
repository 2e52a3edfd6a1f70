// Members of a JSON object, a name and its value in one call. Found by their JsonWriter, without a namespace.
#pragma once

#include <cstdint>
#include <string_view>

#include "wire/json_writer.h"

namespace tickscope::wire {

inline void WriteText(std::string_view name, std::string_view text, JsonWriter& json) {
  json.Key(name);
  json.String(text);
}

inline void WriteCount(std::string_view name, std::uint64_t count, JsonWriter& json) {
  json.Key(name);
  json.Uint(count);
}

inline void WriteInt(std::string_view name, std::int64_t value, JsonWriter& json) {
  json.Key(name);
  json.Int(value);
}

inline void WriteFlag(std::string_view name, bool value, JsonWriter& json) {
  json.Key(name);
  json.Bool(value);
}

/// Milliseconds, written as seconds.
inline void WriteSeconds(std::string_view name, std::int64_t ms, JsonWriter& json) {
  json.Key(name);
  json.SecondsFromMs(ms);
}

}  // namespace tickscope::wire
