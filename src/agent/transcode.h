// The body of a remote write 2.0 request, as spools have it, as one of another protocol.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::agent {

/// Replaces `v1` by what `v2`, a snappy block, says; start timestamps, which 1.0 has no place for, are left out.
/// Errors: as wire::ReceivedRequest.
[[nodiscard]] Status EncodeAsV1(std::string_view v2, std::string& v1);

/// Replaces `message` by the same as an OTLP request, not packed; returns how many samples that has no place for.
/// Errors: as wire::ReceivedRequest.
[[nodiscard]] Result<std::size_t> EncodeAsOtlp(std::string_view v2, std::string& message);

}  // namespace tickscope::agent
