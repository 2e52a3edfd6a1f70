// MergedSeries: several sets of series as one, in label order, each series once. For requests with several
// match[].
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "model/queryable.h"

namespace tickscope::api {

/// Not thread-safe.
class MergedSeries {
 public:
  explicit MergedSeries(std::vector<std::unique_ptr<SeriesSet>> sets);

  /// Moves to the next series; false at the end. Call once before the first.
  [[nodiscard]] bool Next();
  /// Labels of the current series; valid until the next Next.
  [[nodiscard]] const Labels& labels() const { return current_; }

 private:
  void Push(SeriesSet* set);

  std::vector<std::unique_ptr<SeriesSet>> sets_;
  std::vector<SeriesSet*> heap_;  // Sets that stand on a series, least labels at the front.
  Labels current_;
};

}  // namespace tickscope::api
