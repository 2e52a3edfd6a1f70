// DirectoryObjectStore: objects as files below a directory, for one machine.
#pragma once

#include <memory>
#include <string>

#include "io/file_system.h"
#include "objstore/object_store.h"

namespace tickscope::objstore {

/// Objects below `root`, which is made if need be. A Put writes ".NAME.tmp" beside its object and renames it; one that
/// a crash left behind is replaced by the next Put of that name and never listed. A PutFile of
/// a file of the same disk adds a name to it and copies nothing. `files` outlives the store.
[[nodiscard]] Result<std::unique_ptr<ObjectStore>> OpenDirectoryObjectStore(io::FileSystem& files,
                                                                            std::string root);

}  // namespace tickscope::objstore
