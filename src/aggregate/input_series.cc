#include "aggregate/input_series.h"

#include <algorithm>
#include <utility>

namespace tickscope::aggregate {

std::optional<Refusal> InputSeries::Insert(const InputSample& sample) {
  if (heard_ms_ != 0 && sample.time_ms <= heard_ms_)
    return sample.time_ms == heard_ms_ ? Refusal::kDuplicate : Refusal::kOutOfOrder;
  const auto place = std::ranges::lower_bound(waiting_, sample.time_ms, {}, &InputSample::time_ms);
  if (place != waiting_.end() && place->time_ms == sample.time_ms) return Refusal::kDuplicate;
  if (waiting_.size() >= kWaitingMax) return Refusal::kTooMany;
  waiting_.insert(place, sample);
  return std::nullopt;
}

void InputSeries::Restore(std::optional<InputSample> last, TimeMs heard_ms, bool has_ended) {
  has_last_ = last.has_value();
  if (last) last_ = *std::move(last);
  heard_ms_ = heard_ms;
  has_ended_ = has_ended;
}

void InputSeries::Rewind(TimeMs now_ms) {
  std::erase_if(waiting_, [&](const InputSample& sample) { return sample.time_ms > now_ms; });
  heard_ms_ = std::min(heard_ms_, now_ms);
  last_.time_ms = std::min(last_.time_ms, now_ms);
}

}  // namespace tickscope::aggregate
