// One zstd frame as a block of known size.
//
// Threads   Thread-safe: a context for each thread, about 1 MB once used.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/error.h"

namespace tickscope::codec {

/// Appends `plain` as a zstd frame at level 1, which suits what is written once and read a few times.
void CompressZstd(ByteView plain, Bytes& out);

/// Fills `out` with the content of the frame that spans all of `compressed`, which must be `plain_bytes` bytes: who calls
/// has held that number to a limit. Errors: kCorruption for another size or what is no frame.
[[nodiscard]] Status DecompressZstd(ByteView compressed, std::size_t plain_bytes, Bytes& out);

}  // namespace tickscope::codec
