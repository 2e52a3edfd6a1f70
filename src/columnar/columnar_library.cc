#include "columnar/columnar_library.h"

#include <arrow/config.h>

namespace tickscope::columnar {

std::string ColumnarLibrary::Version() const {
  return "arrow " + arrow::GetBuildInfo().version_string;
}

}  // namespace tickscope::columnar
