#include "simulation/sample_checker.h"

#include <fmt/format.h>

#include "base/check.h"

namespace tickscope::simulation {
namespace {

constexpr std::size_t kViolationsMax = 20;

}  // namespace

void SampleChecker::Sent(const std::string& series, TimeMs time_ms, std::uint64_t bits, TimeMs start_ms) {
  const auto [known, is_new] = samples_[series].try_emplace(time_ms, State{bits, start_ms});
  TICKSCOPE_CHECK(known->second.bits == bits && known->second.start_ms == start_ms);
  sent_ += is_new ? 1 : 0;
}

void SampleChecker::Acknowledged(const std::string& series, TimeMs time_ms) {
  State& state = samples_.at(series).at(time_ms);
  acknowledged_ += state.is_acknowledged ? 0 : 1;
  state.is_acknowledged = true;
}

void SampleChecker::Report(const char* what, const std::string& series, TimeMs time_ms) {
  if (violations_.size() < kViolationsMax)
    violations_.push_back(fmt::format("{}: {} at {}", what, series, time_ms));
}

void SampleChecker::Compare(const std::map<std::string, std::vector<FoundSample>>& found) {
  for (const auto& [series, samples] : found) {
    const auto known = samples_.find(series);
    TimeMs last_ms = INT64_MIN;
    for (const FoundSample& sample : samples) {
      ++compared_;
      compared_with_start_ += sample.start_ms != 0 ? 1 : 0;
      if (sample.time_ms == last_ms) Report("doubled", series, sample.time_ms);
      if (sample.time_ms < last_ms) Report("out of order", series, sample.time_ms);
      last_ms = sample.time_ms;
      if (known == samples_.end()) {
        Report("series never sent", series, sample.time_ms);
        continue;
      }
      const auto state = known->second.find(sample.time_ms);
      if (state == known->second.end()) {
        Report("time never sent", series, sample.time_ms);
      } else if (state->second.bits != sample.bits) {
        Report("altered", series, sample.time_ms);
      } else if (state->second.start_ms != sample.start_ms) {
        Report("start altered", series, sample.time_ms);
      }
    }
  }
  for (auto& [series, samples] : samples_) {
    const auto shown = found.find(series);
    std::size_t at = 0;
    for (auto& [time_ms, state] : samples) {
      while (shown != found.end() && at < shown->second.size() && shown->second[at].time_ms < time_ms)
        ++at;
      const bool is_there =
          shown != found.end() && at < shown->second.size() && shown->second[at].time_ms == time_ms;
      if (!is_there && state.is_acknowledged) Report("missing", series, time_ms);
      if (!is_there && state.was_seen) Report("rolled back", series, time_ms);
      state.was_seen = state.was_seen || is_there;
    }
  }
}

}  // namespace tickscope::simulation
