// Which disk a directory lies on.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace tickscope::io {

/// The same number for two paths on one mounted file system, as long as it is mounted; links are followed.
/// Errors: kNotFound; kPermissionDenied.
[[nodiscard]] Result<std::uint64_t> DiskOf(const std::string& path);

}  // namespace tickscope::io
