// What a simulated sample costs its generator: simulation, encoding and compression, ten servers a request.
// Throughput is in samples; the inverse is the cost a sample.
#include <benchmark/benchmark.h>

#include <vector>

#include "fleet/game_server.h"
#include "fleet/request_encoder.h"

namespace tickscope::fleet {
namespace {

constexpr std::uint32_t kServers = 10;
constexpr TimeMs kStartMs = 1'767'225'600'000;

void Simulate(benchmark::State& state) {
  GameServer server(1, 0, 10'000, kStartMs);
  for (auto _ : state) {
    server.Advance();
    benchmark::DoNotOptimize(server.values().data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSeriesPerServer));
}
BENCHMARK(Simulate);

void Encode(benchmark::State& state) {
  RequestEncoder encoder(state.range(0) == 1 ? wire::RemoteWriteProtocol::kV1
                                             : wire::RemoteWriteProtocol::kV2);
  std::vector<ServerIdentity> identities;
  std::vector<double> values;
  for (std::uint32_t s = 0; s < kServers; ++s) {
    identities.push_back(MakeServerIdentity(s));
    GameServer server(1, s, 10'000, kStartMs);
    server.Advance();
    values.insert(values.end(), server.values().begin(), server.values().end());
  }
  const GroupPieces group = encoder.Prepare(identities);
  const TimeMs times_ms[] = {kStartMs};
  std::string body;
  for (auto _ : state)
    encoder.Encode(group, times_ms, values, body);
  const auto samples = static_cast<double>(values.size());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
  state.counters["bytes/sample raw"] = static_cast<double>(encoder.message().size()) / samples;
  state.counters["bytes/sample sent"] = static_cast<double>(body.size()) / samples;
}
BENCHMARK(Encode)->Arg(1)->Arg(2)->ArgName("protocol");

}  // namespace
}  // namespace tickscope::fleet
