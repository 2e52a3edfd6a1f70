// CRC32C (Castagnoli), the checksum of every record and section of ours.
//
// Cost     Hardware instruction where the CPU has it (about 10 GB/s here), a table elsewhere; same results.
// Source   RFC 3720 appendix B.4 (polynomial and test vectors).
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace tickscope::codec {

/// Checksum of `bytes`, or of (what `seed` is the checksum of) followed by `bytes`.
[[nodiscard]] std::uint32_t Crc32c(ByteView bytes, std::uint32_t seed = 0);

/// The table version, for tests that compare both.
[[nodiscard]] std::uint32_t Crc32cPortable(ByteView bytes, std::uint32_t seed = 0);

}  // namespace tickscope::codec
