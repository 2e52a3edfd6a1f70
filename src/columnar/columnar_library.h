// ColumnarLibrary: plugin::Columnar over Apache Arrow.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "plugin/columnar.h"

namespace tickscope::columnar {

class ColumnarLibrary final : public plugin::Columnar {
 public:
  [[nodiscard]] std::string Version() const override;
  [[nodiscard]] Result<std::unique_ptr<objstore::ObjectStore>> OpenS3(
      const objstore::S3Options& options) override;
  [[nodiscard]] Result<std::unique_ptr<plugin::TableWriter>> MakeTableWriter(
      plugin::TableFormat format, const std::vector<plugin::ColumnSpec>& columns) const override;
  [[nodiscard]] Result<std::unique_ptr<plugin::TableReader>> OpenTable(
      plugin::TableFormat format, std::shared_ptr<plugin::TableSource> source,
      plugin::TableScan scan) const override;
};

}  // namespace tickscope::columnar
