#include "columnar/columnar_library.h"

#include <arrow/config.h>

#include "columnar/s3_object_store.h"

namespace tickscope::columnar {

std::string ColumnarLibrary::Version() const {
  return "arrow " + arrow::GetBuildInfo().version_string;
}

Result<std::unique_ptr<objstore::ObjectStore>> ColumnarLibrary::OpenS3(const objstore::S3Options& options) {
  return OpenS3ObjectStore(options);
}

}  // namespace tickscope::columnar
