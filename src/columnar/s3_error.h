// S3 errors: what the client says, as our codes and a next step.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::columnar {

/// Turns the client's text into an error. `doing` names the call and `where` bucket and object; neither is secret.
/// A missing bucket is kFailedPrecondition: kNotFound is for objects alone, which callers expect to be missing.
[[nodiscard]] Error S3Error(std::string_view doing, std::string_view where, std::string_view client_text);

/// Whether the client was told no more than a status code, as in every answer to a HEAD request. Asking something else
/// tells why.
[[nodiscard]] bool IsBareS3Status(std::string_view client_text);

}  // namespace tickscope::columnar
