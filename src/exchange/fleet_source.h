// FleetSource: what a simulated fleet would have sent, made without sending it, in order of time. The samples are those of
// `tickscope fleet run` with the same plan.
//
// Threads   Not thread-safe.
// Memory    3 KB a server, and kTicksAtOnce ticks of one.
#pragma once

#include <cstdint>
#include <vector>

#include "exchange/sample_flow.h"
#include "fleet/game_server.h"
#include "fleet/run_plan.h"

namespace tickscope::exchange {

class FleetSource final : public SampleSource {
 public:
  static constexpr std::uint64_t kTicksAtOnce = 720;

  /// Requires: a plan fleet::CheckPlan accepts.
  FleetSource(const fleet::RunPlan& plan, std::uint64_t tick_count);
  [[nodiscard]] Result<bool> Next(Labels& labels, SampleColumns& samples) override;

 private:
  // Makes the next ticks of the next server; false at the end.
  [[nodiscard]] bool Generate();

  const fleet::RunPlan plan_;
  const std::uint64_t tick_count_;
  std::vector<fleet::GameServer> servers_;
  std::uint64_t first_tick_ = 0;  // Of the stretch that is being made.
  std::uint32_t next_server_ = 0;
  std::uint32_t server_ = 0;  // Whose samples are in hand.
  std::size_t next_series_ = fleet::kSeriesPerServer;
  std::vector<TimeMs> times_ms_;
  std::vector<double> values_;  // Tick by tick.
};

}  // namespace tickscope::exchange
