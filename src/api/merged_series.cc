#include "api/merged_series.h"

#include <algorithm>

namespace tickscope::api {
namespace {

bool StandsAfter(const SeriesSet* a, const SeriesSet* b) {
  return b->labels() < a->labels();
}

}  // namespace

MergedSeries::MergedSeries(std::vector<std::unique_ptr<SeriesSet>> sets) : sets_(std::move(sets)) {
  for (const auto& set : sets_)
    Push(set.get());
}

void MergedSeries::Push(SeriesSet* set) {
  if (!set->Next()) return;
  heap_.push_back(set);
  std::ranges::push_heap(heap_, StandsAfter);
}

bool MergedSeries::Next() {
  if (heap_.empty()) return false;
  current_ = heap_.front()->labels();
  while (!heap_.empty() && heap_.front()->labels() == current_) {
    std::ranges::pop_heap(heap_, StandsAfter);
    SeriesSet* const set = heap_.back();
    heap_.pop_back();
    Push(set);
  }
  return true;
}

}  // namespace tickscope::api
