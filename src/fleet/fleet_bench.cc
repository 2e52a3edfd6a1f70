// What a simulated sample costs its generator: simulation, encoding and compression, ten servers a request.
// Throughput is in samples; the inverse is the cost a sample.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "base/check.h"
#include "fleet/game_server.h"
#include "fleet/request_encoder.h"
#include "fleet/sdk_servers.h"
#include "io/posix_file_system.h"

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

// Ten servers that run the SDK: simulated, recorded event by event, read back from the page. One lane of one, as many
// servers as a request has; each further lane that records is one more shard to read.
void SimulateOnSdk(benchmark::State& state) {
  const auto fs = io::MakePosixFileSystem();
  const auto servers_on_sdk = static_cast<std::uint32_t>(state.range(0));
  const auto sdk = SdkServers::Start(*fs, "/dev/shm", servers_on_sdk, 1).value();
  const auto lane = SdkLane::Open(*sdk).value();
  std::vector<GameServer> servers;
  for (std::uint32_t s = 0; s < kServers; ++s)
    servers.emplace_back(1, s, 10'000, kStartMs, Resolution::kObserved);
  std::array<double, kSeriesPerServer> values{};
  for (auto _ : state) {
    for (std::uint32_t s = 0; s < kServers; ++s) {
      servers[s].Advance();
      lane->Record(s, servers[s].values());
    }
    TICKSCOPE_CHECK(lane->Refresh());
    for (std::uint32_t s = 0; s < kServers; ++s) {
      lane->Read(s, values);
      benchmark::DoNotOptimize(values.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSeriesPerServer * kServers));
}
BENCHMARK(SimulateOnSdk)->Arg(10)->Arg(100)->ArgName("servers");

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
