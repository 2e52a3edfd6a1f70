// Byte sizes: "64MiB", "20GB", "0". Used by configuration and the command line alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope {

/// Parses a whole number and a unit: B, kB MB GB TB (powers of 1000) or KiB MiB GiB TiB (powers of 1024). A
/// bare number is bytes. Fractions are refused: "1536MiB", not "1.5GiB". Errors: kInvalidArgument naming the
/// text; kOutOfRange past 64 bits.
[[nodiscard]] Result<std::uint64_t> ParseByteSize(std::string_view text);

/// Shortest exact form that ParseByteSize reads back, in binary units: "64MiB", "1000B".
[[nodiscard]] std::string FormatByteSize(std::uint64_t bytes);

}  // namespace tickscope
