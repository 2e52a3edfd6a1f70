// Zstd: content coding of HTTP bodies (RFC 8878), bounded whoever wrote them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::http {

/// Window a frame may ask us to keep, as RFC 9659 has it for this coding.
inline constexpr std::size_t kZstdWindowBytesMax = 8U << 20;

/// The content of one or more zstd frames. A size that a frame announces is checked first; allocates at most twice what it
/// has unpacked, and the window.
/// Errors: kOutOfRange when there are, or a frame announces, more than `bytes_max` bytes; kCorruption when it does not
/// decode, is cut short, or asks for a larger window.
[[nodiscard]] Result<std::string> Unzstd(std::string_view compressed, std::size_t bytes_max);

/// `content` as one zstd frame that announces its size, at a fast level.
[[nodiscard]] std::string Zstd(std::string_view content);

}  // namespace tickscope::http
