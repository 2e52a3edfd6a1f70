// The body of a remote write 2.0 request as one of 1.0, for receivers that turn out to know no other when it is already on disk.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::agent {

/// Replaces `v1` by what `v2`, a snappy block, says; start timestamps, which 1.0 has no place for, are left out.
/// Errors: as wire::ReceivedRequest.
[[nodiscard]] Status EncodeAsV1(std::string_view v2, std::string& v1);

}  // namespace tickscope::agent
