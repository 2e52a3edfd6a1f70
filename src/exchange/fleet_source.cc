#include "exchange/fleet_source.h"

#include <algorithm>

#include "fleet/server_identity.h"

namespace tickscope::exchange {

FleetSource::FleetSource(const fleet::RunPlan& plan, std::uint64_t tick_count)
    : plan_(plan), tick_count_(tick_count) {
  for (std::uint32_t server = 0; server < plan.servers; ++server)
    servers_.emplace_back(plan.seed, server, plan.cadence_ms, plan.start_ms);
}

bool FleetSource::Generate() {
  if (next_server_ == plan_.servers) {
    next_server_ = 0;
    first_tick_ += kTicksAtOnce;
  }
  if (first_tick_ >= tick_count_ || plan_.servers == 0) return false;
  server_ = next_server_++;
  const std::uint64_t count = std::min(kTicksAtOnce, tick_count_ - first_tick_);
  times_ms_.clear();
  values_.clear();
  for (std::uint64_t tick = 0; tick < count; ++tick) {
    times_ms_.push_back(plan_.SampleTime(server_ / plan_.servers_per_request, first_tick_ + tick));
    servers_[server_].Advance();
    const auto values = servers_[server_].values();
    values_.insert(values_.end(), values.begin(), values.end());
  }
  next_series_ = 0;
  return true;
}

Result<bool> FleetSource::Next(Labels& labels, SampleColumns& samples) {
  if (next_series_ == fleet::kSeriesPerServer && !Generate()) return false;
  labels = fleet::SeriesLabels(fleet::MakeServerIdentity(server_), next_series_);
  samples.Clear();
  samples.times_ms = times_ms_;
  for (std::size_t at = next_series_; at < values_.size(); at += fleet::kSeriesPerServer)
    samples.values.push_back(values_[at]);
  ++next_series_;
  return true;
}

}  // namespace tickscope::exchange
