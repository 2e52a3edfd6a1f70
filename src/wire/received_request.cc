#include "wire/received_request.h"

namespace tickscope::wire {

TooMany::TooMany(const char* what, std::size_t limit)
    : std::length_error(std::string("more than ") + std::to_string(limit) + " " + what) {}

void ReceivedRequest::ClearColumns() {
  series_.clear();
  times_ms_.clear();
  values_.clear();
  starts_ms_.clear();
  histograms_.clear();
  metadata_.clear();
}

void ReceivedRequest::PushSample(TimeMs time_ms, double value, TimeMs start_ms) {
  CheckRoom(times_ms_, kRequestSamplesMax, "samples");
  times_ms_.push_back(time_ms);
  values_.push_back(value);
  if (start_ms == 0 && starts_ms_.empty()) return;
  starts_ms_.resize(times_ms_.size());
  starts_ms_.back() = start_ms;
}

}  // namespace tickscope::wire
