// Byte views: the one vocabulary for raw bytes, so that text and bytes are never mixed by accident.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tickscope {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

/// The bytes of `text`; lives as long as the text does.
[[nodiscard]] inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// `bytes` read as characters, whatever they are; lives as long as the bytes do.
[[nodiscard]] inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Appends `more` to `out`.
inline void AppendBytes(ByteView more, Bytes& out) {
  out.insert(out.end(), more.begin(), more.end());
}

}  // namespace tickscope
