// A number that stands for a text: equal for equal texts, and for different ones as good as never.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "codec/crc32c.h"

namespace tickscope::roles {

[[nodiscard]] inline std::uint64_t FingerprintOf(std::string_view text) {
  const std::uint64_t low = codec::Crc32c(AsBytes(text));
  return low | static_cast<std::uint64_t>(codec::Crc32c(AsBytes(text), 0x7469636b)) << 32;
}

}  // namespace tickscope::roles
