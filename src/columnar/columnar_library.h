// ColumnarLibrary: plugin::Columnar over Apache Arrow.
#pragma once

#include <string>

#include "base/error.h"
#include "plugin/columnar.h"

namespace tickscope::columnar {

class ColumnarLibrary final : public plugin::Columnar {
 public:
  [[nodiscard]] std::string Version() const override;
};

}  // namespace tickscope::columnar
