// PushCompression: how bodies of pushes are packed. Those of remote write and Loki's push API are made, and wait in spools, as snappy blocks,
// which every receiver takes; those of OTLP go out in gzip. zstd is smaller than either, and a gateway that knows it is told to have
// it so (`compression: zstd`).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tickscope::agent {

/// kSnappy is what the protocol has by default.
enum class PushCompression : std::uint8_t { kSnappy, kZstd };

/// What a body is before it is packed.
enum class BodyForm : std::uint8_t { kSnappyBlock, kMessage };

/// Packs `body` and returns its content coding: zstd, or snappy or gzip by its form. What is no snappy block stays, as snappy.
[[nodiscard]] std::string_view PackBody(BodyForm form, PushCompression wanted, std::string& body);

}  // namespace tickscope::agent
