// A secret that a process makes for itself: random bytes in a file that nobody else may read.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace tickscope::io {

/// The file's bytes; when there is none it is made first, durably, with mode 0600 and bytes of the kernel's. Of two processes that
/// make it at once both get the same. The directory is there.
/// Errors: kPermissionDenied for a file that others may read or write, or of another user; kCorruption for another size; those of
/// the file system.
[[nodiscard]] Result<std::string> KeepSecretFile(const std::string& path, std::size_t bytes);

}  // namespace tickscope::io
