// MemoryStorage: a Queryable over a plain map, for scripts and tests that want storage without a store.
//
// Threads   Load and Clear need exclusive access; reads may run together.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/queryable.h"
#include "promqltest/script.h"

namespace tickscope::promqltest {

class MemoryStorage final : public Queryable {
 public:
  void Clear() { series_.clear(); }

  /// Adds value i of each series at i * step.
  /// Errors: kInvalidArgument when a sample is not newer than what its series already has.
  [[nodiscard]] Status Load(const LoadCommand& load);

  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext& context) const override;

  [[nodiscard]] const std::map<Labels, SampleColumns>& series() const { return series_; }

 private:
  [[nodiscard]] Status Append(const LoadedSeries& loaded, std::int64_t step_ms);

  std::map<Labels, SampleColumns> series_;
};

}  // namespace tickscope::promqltest
