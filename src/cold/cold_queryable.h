// ColdQueryable: the cold tier as PromQL's storage, for ranges nothing finer is kept of.
//
// A series has one sample a window, its last, stamped with the window's end. Classic histograms come back as their
// _bucket, _sum and _count series, exactly as they were; native histograms as what the last one of a window was.
// Staleness markers are not kept: a series that ended is seen for a lookback longer.
//
// Threads   Thread-safe.
// Memory    All samples of a selection, at most samples_max.
// Cost      A listing of manifests and a Get a day; of parts, only the columns needed of the row groups whose statistics
//           allow the time range and the equality matchers on promoted labels.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cold/cold_catalog.h"
#include "model/queryable.h"
#include "objstore/object_store.h"
#include "plugin/columnar.h"

namespace tickscope::cold {

struct ColdQueryableOptions {
  std::size_t series_max = 1'000'000;     ///< Of one selection; more is kResourceExhausted.
  std::size_t samples_max = 100'000'000;  ///< Likewise.
};

class ColdQueryable final : public Queryable {
 public:
  /// Both outlive the object.
  ColdQueryable(objstore::ObjectStore& store, const plugin::Columnar& columnar, ColdQueryableOptions options)
      : store_(store), columnar_(columnar), options_(options) {}

  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext& context) const override;

 private:
  objstore::ObjectStore& store_;
  const plugin::Columnar& columnar_;
  const ColdQueryableOptions options_;
};

/// A part as the library reads it: by ranges of the object. `store` outlives it.
[[nodiscard]] std::shared_ptr<plugin::TableSource> PartSource(objstore::ObjectStore& store,
                                                              const ColdPart& part);

}  // namespace tickscope::cold
