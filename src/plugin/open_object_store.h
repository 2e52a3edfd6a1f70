// OpenObjectStore: the store that a configuration or a command line names, whatever kind it is.
#pragma once

#include <memory>

#include "base/error.h"
#include "io/file_system.h"
#include "objstore/object_store.h"
#include "objstore/store_options.h"

namespace tickscope::plugin {

/// Opens options.url: a directory, which is made if need be, or a bucket, of which nothing is asked yet. The store does
/// not retry; RetryingObjectStore does. `files` outlives it. Errors: kInvalidArgument for a URL or keys that are not
/// taken, telling what is; kUnavailable when the library for S3 is not there.
[[nodiscard]] Result<std::unique_ptr<objstore::ObjectStore>> OpenObjectStore(
    io::FileSystem& files, const objstore::StoreOptions& options);

}  // namespace tickscope::plugin
