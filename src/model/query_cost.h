// Query cost: how much a selector would read, told from indexes and file headers alone.
//
// Whoever admits queries asks before it lets one run, so an answer must come in milliseconds whatever the size of what it
// is about: no sample is decoded, nothing is fetched. What is exact is the number of matching series in the indexes that
// were looked at; samples and bytes are in proportion.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "model/queryable.h"

namespace tickscope {

struct SelectCost {
  std::uint64_t series = 0;   ///< Most that any one index has; the same series in several counts once.
  std::uint64_t samples = 0;  ///< In the range asked for.
  std::uint64_t bytes = 0;    ///< As they are stored.
};

/// Thread-safe.
class CostSource {
 public:
  virtual ~CostSource() = default;
  /// What Select of the same request would read. Errors: what QueryContext::Check says.
  [[nodiscard]] virtual Result<SelectCost> EstimateSelect(const SelectRequest& request,
                                                          const QueryContext& context) const = 0;
};

}  // namespace tickscope
