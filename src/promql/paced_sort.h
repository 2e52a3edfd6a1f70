// Paced sort: a stable sort that can be ended on its way, for as many rows as an answer may have.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "promql/query_run.h"

namespace tickscope::promql {

/// Sorts runs of a few thousand, then merges them two and two, and looks at the run after each. Errors: QueryRun::Check's;
/// then the elements are in some order.
template <typename T, typename Less>
Status SortPaced(const QueryRun& run, std::vector<T>& elements, const Less& less) {
  constexpr std::size_t kRunLength = 4096;
  const std::size_t count = elements.size();
  const auto at = [&](std::size_t index) {
    return elements.begin() + static_cast<std::ptrdiff_t>(std::min(index, count));
  };
  for (std::size_t begin = 0; begin < count; begin += kRunLength) {
    TICKSCOPE_RETURN_IF_ERROR(run.Check());
    std::stable_sort(at(begin), at(begin + kRunLength), less);
  }
  for (std::size_t length = kRunLength; length < count; length *= 2) {
    for (std::size_t begin = 0; begin + length < count; begin += 2 * length) {
      TICKSCOPE_RETURN_IF_ERROR(run.Check());
      std::inplace_merge(at(begin), at(begin + length), at(begin + 2 * length), less);
    }
  }
  return {};
}

}  // namespace tickscope::promql
