// PushCompression: how bodies of pushes are packed. They are made, and wait in spools, as snappy blocks, which every receiver takes; zstd is
// a third smaller, and a gateway that knows it is told to have it so (`compression: zstd`).
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace tickscope::agent {

enum class PushCompression : std::uint8_t { kSnappy, kZstd };

/// Packs `body`, a snappy block, as a zstd frame. On an error it stays as it was: kCorruption.
[[nodiscard]] Status RepackAsZstd(std::string& body);

}  // namespace tickscope::agent
