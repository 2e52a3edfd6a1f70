// The content of a request's body, whatever coding it came in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::http {

/// The body without its coding: a view into `body`, or into `storage` when it had one (gzip, zstd).
/// Errors: kOutOfRange when it is, or announces, more than `bytes_max` bytes; kUnsupported for another coding; kCorruption.
[[nodiscard]] Result<std::string_view> DecodeContent(std::string_view coding, std::string_view body,
                                                     std::size_t bytes_max, std::string& storage);

}  // namespace tickscope::http
