#include "roles/store_argument.h"

#include "objstore/store_location.h"
#include "plugin/open_object_store.h"

namespace tickscope::roles {

Result<OpenedStore> OpenStoreArgument(io::FileSystem& fs, const std::string& text) {
  TICKSCOPE_ASSIGN_OR_RETURN(const objstore::StoreLocation location, objstore::ParseStoreLocation(text));
  OpenedStore opened;
  opened.directory = location.directory;
  TICKSCOPE_ASSIGN_OR_RETURN(opened.store, plugin::OpenObjectStore(fs, {.url = text}));
  return opened;
}

}  // namespace tickscope::roles
