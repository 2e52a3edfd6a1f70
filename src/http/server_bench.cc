// What a request costs, server and client together, over loopback sockets.
//
// Workload: one kept-alive client that sends a request when it has the answer to the last; the handler answers at
// once. CPU is that of the whole process, both ends; a server with other clients has about half of it to itself.
#include <benchmark/benchmark.h>

#include "http/client.h"
#include "http/server.h"
#include "io/asio_network.h"
#include "io/process_info.h"

namespace tickscope::http {
namespace {

void RunRequests(benchmark::State& state, const Request& request) {
  const auto network = io::MakeAsioNetwork();
  MetricRegistry metrics;
  const auto server = Server::Start(
                          *network, {.address = "127.0.0.1:0"},
                          [](Request received, Respond respond) {
                            benchmark::DoNotOptimize(received.body.data());
                            respond({.status = 204});
                          },
                          metrics)
                          .value();
  const Url url = ParseUrl("http://" + server->address() + "/api/v1/write").value();
  const auto client = Client::Make(*network, {});
  const auto process = io::MakeProcessInfo();
  const double cpu_before = process->Read().value().cpu_seconds;
  for (auto _ : state) {
    const auto response = client->Fetch(url, request);
    if (!response || response->status != 204) state.SkipWithError("unexpected answer");
  }
  const double cpu_seconds = process->Read().value().cpu_seconds - cpu_before;
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(request.body.size()));
  state.SetItemsProcessed(state.iterations());
  state.counters["cpu_us_per_request"] = cpu_seconds * 1e6 / static_cast<double>(state.iterations());
}

void SmallGet(benchmark::State& state) {
  Request request;
  request.headers.Add("User-Agent", "bench");
  request.headers.Add("Accept", "application/json");
  RunRequests(state, request);
}
BENCHMARK(SmallGet)->UseRealTime();

// The size of a remote-write request of 10,000 samples.
void Post130Kb(benchmark::State& state) {
  Request request{.method = "POST", .target = "/", .body = std::string(130'000, 'x')};
  request.headers.Add("Content-Type", "application/x-protobuf");
  request.headers.Add("Content-Encoding", "snappy");
  RunRequests(state, request);
}
BENCHMARK(Post130Kb)->UseRealTime();

}  // namespace
}  // namespace tickscope::http
