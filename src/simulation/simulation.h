// Simulation: senders, network, gateway, stream, store and queries in one thread and a made-up world, driven by a seed.
//
// The parts are the product's own. The world around them is not: the disk is in memory and fails, loses its power and
// tears what was not synced; the clock jumps; requests and answers get lost, come twice and late; threads take turns in a
// drawn order; the process is killed at any turn, also while it recovers. Senders repeat what was not answered, as agents
// do. A checker (simulation/sample_checker.h) holds what queries show against what was sent and acknowledged.
//
// The same seed gives the same run, to the last bit: a failure is a number that can be run again.
//
// Threads   One.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tickscope::simulation {

struct SimulationOptions {
  std::uint64_t seed = 1;
  int steps = 4000;
  bool kills = true;           ///< The process ends without notice; what was written stays.
  bool power_cuts = true;      ///< As well, and what was not synced is lost or torn.
  bool disk_faults = true;     ///< Full disk, failed sync, rename and unlink.
  bool network_faults = true;  ///< Lost, doubled and late requests, lost answers.
  bool clock_jumps = true;     ///< Both ways, by minutes and by hours.
};

struct SimulationReport {
  std::vector<std::string> violations;  ///< Empty when all promises were kept.
  std::uint64_t fingerprint = 0;        ///< Of everything that happened, in order.
  std::uint64_t sent = 0;               ///< Samples.
  std::uint64_t acknowledged = 0;
  std::uint64_t compared = 0;
  std::uint64_t compared_with_start = 0;  ///< Of those, with a start timestamp.
  std::uint64_t requests = 0;
  std::uint64_t refused_requests = 0;
  std::uint64_t starts = 0;
  std::uint64_t failed_starts = 0;
  std::uint64_t kills = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t failures = 0;  ///< The process ended itself, as it must after a failed sync.
  std::uint64_t blocks = 0;
  std::uint64_t seals = 0;
};

[[nodiscard]] SimulationReport RunSimulation(const SimulationOptions& options);

}  // namespace tickscope::simulation
