// Object stores as the command line names them.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "io/file_system.h"
#include "objstore/object_store.h"

namespace tickscope::roles {

struct OpenedStore {
  std::unique_ptr<objstore::ObjectStore> store;
  std::string directory;  ///< Where its objects are files; empty when they are none.
};

/// A path, file:///PATH, or s3://BUCKET/PREFIX with keys as the AWS tools find them (objstore/store_location.h). `fs`
/// outlives the store. Errors: kInvalidArgument telling what is taken.
[[nodiscard]] Result<OpenedStore> OpenStoreArgument(io::FileSystem& fs, const std::string& text);

}  // namespace tickscope::roles
