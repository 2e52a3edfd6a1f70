// ReadOnlyFileSystem: a view of another file system through which nothing changes.
//
// For looking into a directory that a server may be using, with code that would tidy up what it finds: making directories
// that are there, removing and renaming are passed over as done; writing is refused with kPermissionDenied.
//
// Threads   As the file system behind it.
#pragma once

#include <memory>

#include "io/file_system.h"

namespace tickscope::io {

/// `behind` outlives what is returned.
[[nodiscard]] std::unique_ptr<FileSystem> MakeReadOnlyFileSystem(FileSystem& behind);

}  // namespace tickscope::io
