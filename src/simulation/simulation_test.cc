// The whole way in a made-up world. SIMULATION_SEED=N runs one seed again, SIMULATION_SEEDS=N as many from 1 on (also by
// ./dev check simulation).
#include "simulation/simulation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/log.h"
#include "simulation/sample_checker.h"

namespace tickscope::simulation {
namespace {

std::uint64_t FromEnvironment(const char* name, std::uint64_t fallback) {
  const char* const text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

TEST(Simulation, KeepsItsPromises) {
  SetLogOptions({.level = LogLevel::kError});
  const std::uint64_t one = FromEnvironment("SIMULATION_SEED", 0);
  const std::uint64_t first = one != 0 ? one : 1;
  const std::uint64_t last = one != 0 ? one : FromEnvironment("SIMULATION_SEEDS", 12);
  SimulationReport all;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const SimulationReport report = RunSimulation({.seed = seed});
    for (const std::string& violation : report.violations)
      ADD_FAILURE() << "seed " << seed << ": " << violation << "; again with SIMULATION_SEED=" << seed;
    if (HasFailure()) return;
    all.acknowledged += report.acknowledged;
    all.compared += report.compared;
    all.compared_with_start += report.compared_with_start;
    all.starts += report.starts;
    all.kills += report.kills;
    all.power_cuts += report.power_cuts;
    all.failures += report.failures;
    all.failed_starts += report.failed_starts;
    all.blocks += report.blocks;
    all.seals += report.seals;
    all.refused_requests += report.refused_requests;
  }
  fmt::print(
      "seeds {} to {}: {} samples acknowledged, {} compared, {} with start timestamps; {} starts, {} cut "
      "short; {} kills, {} power "
      "cuts, {} failed "
      "syncs; {} requests refused for their time\n",
      first, last, all.acknowledged, all.compared, all.compared_with_start, all.starts, all.failed_starts,
      all.kills, all.power_cuts, all.failures, all.refused_requests);
  if (one != 0) return;
  // What never happens proves nothing.
  EXPECT_GT(all.acknowledged, 5'000U);
  EXPECT_GT(all.compared_with_start, all.compared / 10);
  EXPECT_GT(all.kills, 0U);
  EXPECT_GT(all.power_cuts, 0U);
  EXPECT_GT(all.failures, 0U);
  EXPECT_GT(all.seals, 0U);
  EXPECT_GT(all.blocks, 0U);
}

TEST(Simulation, TheSameSeedIsTheSameRun) {
  SetLogOptions({.level = LogLevel::kError});
  const SimulationReport first = RunSimulation({.seed = 7, .steps = 2500});
  const SimulationReport second = RunSimulation({.seed = 7, .steps = 2500});
  EXPECT_EQ(first.fingerprint, second.fingerprint);
  EXPECT_EQ(first.acknowledged, second.acknowledged);
  EXPECT_NE(first.fingerprint, RunSimulation({.seed = 8, .steps = 2500}).fingerprint);
}

TEST(SampleChecker, FindsWhatIsWrong) {
  const auto violations_of = [](const std::map<std::string, std::vector<FoundSample>>& found) {
    SampleChecker checker;
    checker.Sent("a", 10, 1, 0);
    checker.Sent("a", 20, 2, 7);
    checker.Sent("b", 10, 3, 0);
    checker.Acknowledged("a", 10);
    checker.Compare({{"b", {{10, 3}}}, {"a", {{10, 1}}}});
    EXPECT_TRUE(checker.violations().empty());
    checker.Compare(found);
    return checker.violations();
  };
  const FoundSample a{10, 1};
  const FoundSample b{10, 3};
  EXPECT_TRUE(violations_of({{"a", {a}}, {"b", {b}}}).empty());
  EXPECT_TRUE(violations_of({{"a", {a, {20, 2, 7}}}, {"b", {b}}}).empty());
  EXPECT_EQ(violations_of({{"a", {a, {20, 2}}}, {"b", {b}}}).at(0), "start altered: a at 20");
  EXPECT_EQ(violations_of({{"a", {{10, 1, 7}}}, {"b", {b}}}).at(0), "start altered: a at 10");
  EXPECT_EQ(violations_of({{"b", {b}}}).at(0), "missing: a at 10");
  EXPECT_EQ(violations_of({{"a", {a}}}).at(0), "rolled back: b at 10");
  EXPECT_EQ(violations_of({{"a", {a, a}}, {"b", {b}}}).at(0), "doubled: a at 10");
  EXPECT_EQ(violations_of({{"a", {{10, 9}}}, {"b", {b}}}).at(0), "altered: a at 10");
  EXPECT_EQ(violations_of({{"a", {a, {30, 1}}}, {"b", {b}}}).at(0), "time never sent: a at 30");
  EXPECT_EQ(violations_of({{"a", {a}}, {"b", {b}}, {"c", {a}}}).at(0), "series never sent: c at 10");
}

}  // namespace
}  // namespace tickscope::simulation
