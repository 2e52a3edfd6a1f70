// PosixFileSystem: the FileSystem of production, on the kernel's file calls.
#pragma once

#include <memory>

#include "io/file_system.h"

namespace tickscope::io {

/// The machine's files. Interrupted and short writes are continued; files are created 0640, directories 0750.
[[nodiscard]] std::unique_ptr<FileSystem> MakePosixFileSystem();

}  // namespace tickscope::io
