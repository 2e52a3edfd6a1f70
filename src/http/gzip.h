// Gzip: content codings of HTTP bodies, bounded whoever wrote them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::http {

/// The content of a gzip stream of one or more members (RFC 1952). Allocates at most twice what it has inflated.
/// Errors: kOutOfRange when there are, or the stream announces, more than `bytes_max` bytes; kCorruption when it does
/// not decode, is cut short, or bytes follow it.
[[nodiscard]] Result<std::string> Gunzip(std::string_view compressed, std::size_t bytes_max);

/// `content` as a gzip stream, at the level that suits answers: fast, and JSON shrinks about tenfold.
[[nodiscard]] std::string Gzip(std::string_view content);
/// The same, unless `is_wanted` says no on the way, which is asked after each megabyte: then nothing.
[[nodiscard]] std::optional<std::string> GzipWhile(const std::function<bool()>& is_wanted,
                                                   std::string_view content);

/// Whether an Accept-Encoding value lets us answer with gzip (RFC 9110 section 12.5.3).
[[nodiscard]] bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace tickscope::http
