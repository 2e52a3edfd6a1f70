// Any bytes, cut anyhow, against a server: it must not crash, must answer with HTTP or not at all, and must have
// nothing left over once the client is gone. The first 8 bytes of an input seed how the rest is cut.
#include <array>
#include <cstring>

#include "base/check.h"
#include "http/server.h"
#include "io/memory_network.h"

namespace tickscope::http {
namespace {

using std::chrono::seconds;

void Run(std::uint64_t seed, std::string_view sent) {
  ManualClock clock;
  io::MemoryNetwork network(clock, {.seed = seed, .deliveries = io::Deliveries::kSplit});
  MetricRegistry metrics;
  const auto server =
      Server::Start(
          network, {.address = "server:80", .header_bytes_max = 8192, .body_bytes_max = 64 * 1024},
          [](Request request, Respond respond) {
            respond({.status = 200, .headers = std::move(request.headers), .body = std::move(request.body)});
          },
          metrics)
          .value();
  const auto loop = network.MakeLoop();
  std::unique_ptr<io::Connection> connection;
  network.Connect(*loop, "server:80", seconds(1), [&](auto made) { connection = std::move(*made); });
  loop->RunUntil([&] { return connection != nullptr; });

  connection->Write({AsBytes(sent)}, [&](const Status& written) {
    if (written) connection->ShutdownWrite();
  });
  std::string received;
  std::array<std::byte, 4096> buffer;
  bool ended = false;
  std::function<void()> read_on = [&] {
    connection->Read(buffer, [&](const Result<std::size_t>& bytes) {
      ended = !bytes || *bytes == 0;
      if (ended) return;
      received += AsText(ByteView(buffer).first(*bytes));
      read_on();
    });
  };
  read_on();
  loop->RunUntil([&] { return ended; });
  TICKSCOPE_CHECK(ended);
  TICKSCOPE_CHECK(received.empty() || received.starts_with("HTTP/1.1 "));
  connection.reset();
  loop->Run();
  TICKSCOPE_CHECK(metrics.AddGauge("tickscope_http_connections", "", {})->value() == 0);
  TICKSCOPE_CHECK(metrics.AddGauge("tickscope_http_body_bytes_in_flight", "", {})->value() == 0);
}

}  // namespace
}  // namespace tickscope::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t seed = 0;
  if (size < sizeof seed) return 0;
  std::memcpy(&seed, data, sizeof seed);
  tickscope::http::Run(seed, {reinterpret_cast<const char*>(data) + sizeof seed, size - sizeof seed});
  return 0;
}
