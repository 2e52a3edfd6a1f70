// ColumnarLibrary: plugin::Columnar over Apache Arrow.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "plugin/columnar.h"

namespace tickscope::columnar {

class ColumnarLibrary final : public plugin::Columnar {
 public:
  [[nodiscard]] std::string Version() const override;
  [[nodiscard]] Result<std::unique_ptr<objstore::ObjectStore>> OpenS3(
      const objstore::S3Options& options) override;
};

}  // namespace tickscope::columnar
