// What a TLS handshake costs, both ends together, in which each shows a certificate (P-256): the first time, and when a session is resumed.
//
// Workload: connect, one byte to the server and one back (with it comes the ticket for the next time), let go. In memory, one thread, so
// processor time is all the time there is; a server alone has a bit less than half of it.
#include <benchmark/benchmark.h>

#include <memory>

#include "io/memory_file_system.h"
#include "io/memory_network.h"
#include "tls/authority_test.h"
#include "tls/client_context.h"
#include "tls/server_context.h"

namespace tickscope::tls {
namespace {

using std::chrono::seconds;

constexpr TimeMs kNowMs = 1'800'000'000'000;

class World {
 public:
  explicit World(std::size_t sessions_max) : network_(clock_, {}) {
    clock_.JumpTo(kNowMs);
    const TestAuthority ca("ca");
    Put("server", ca.Issue({.names = {"DNS:gateway"}}));
    Put("client", ca.Issue({.names = {"URI:spiffe://game/eu/host-1"}}));
    PutFile("ca.pem", ca.certificate());
    server_ = ServerContext::Load(fs_, clock_, metrics_,
                                  {.certificate_file = "server.pem",
                                   .key_file = "server.key",
                                   .client_ca_file = "ca.pem",
                                   .client_certificates = ClientCertificates::kRequired})
                  .value();
    client_ = ClientContext::Load(fs_, clock_, metrics_,
                                  {.ca_file = "ca.pem",
                                   .certificate_file = "client.pem",
                                   .key_file = "client.key",
                                   .sessions_max = sessions_max})
                  .value();
    loop_ = network_.MakeLoop();
    listener_ = network_
                    .Listen(*loop_, "gateway:1",
                            [this](std::unique_ptr<io::Connection> made) {
                              accepted_ = server_->Accept(*loop_, std::move(made));
                              accepted_->Read(server_buffer_, [this](Result<std::size_t> read) {
                                if (read && *read == 1)
                                  accepted_->Write({AsBytes(kByte)}, [](const Status&) {});
                              });
                            })
                    .value();
  }

  /// Whether the byte came back.
  bool Talk() {
    bool answered = false;
    network_.Connect(*loop_, "gateway:1", seconds(5), [&](Result<std::unique_ptr<io::Connection>> made) {
      connection_ = client_->Connect(*loop_, *std::move(made), "gateway");
      connection_->Write({AsBytes(kByte)}, [](const Status&) {});
      connection_->Read(client_buffer_, [&](Result<std::size_t> read) { answered = read && *read == 1; });
    });
    while (!answered && network_.scheduler().RunOne()) {
    }
    connection_.reset();
    network_.scheduler().RunFor(std::chrono::milliseconds(1));
    accepted_.reset();
    return answered;
  }

  [[nodiscard]] std::uint64_t Handshakes(const char* result) {
    return metrics_
        .AddCounter("tickscope_tls_handshakes_total", "", {{"side", "server"}, {"result", result}})
        ->value();
  }

 private:
  static constexpr std::string_view kByte = "x";
  void PutFile(const std::string& name, const std::string& bytes) {
    const auto file = fs_.OpenAppend(name, io::OpenMode::kTruncate).value();
    const std::vector<ByteView> pieces = {AsBytes(bytes)};
    TICKSCOPE_CHECK(file->Append(pieces).has_value());
  }
  void Put(const std::string& name, const Issued& issued) {
    PutFile(name + ".pem", issued.certificate);
    PutFile(name + ".key", issued.key);
  }

  ManualClock clock_;
  MetricRegistry metrics_;
  io::MemoryFileSystem fs_;
  io::MemoryNetwork network_;
  std::shared_ptr<ServerContext> server_;
  std::shared_ptr<ClientContext> client_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<io::Listener> listener_;
  std::unique_ptr<SecureConnection> accepted_;
  std::unique_ptr<SecureConnection> connection_;
  Bytes server_buffer_ = Bytes(16);
  Bytes client_buffer_ = Bytes(16);
};

void Handshake(benchmark::State& state, std::size_t sessions_max) {
  World world(sessions_max);
  for (auto _ : state) {
    if (!world.Talk()) state.SkipWithError("no answer");
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["full"] = static_cast<double>(world.Handshakes("full"));
  state.counters["resumed"] = static_cast<double>(world.Handshakes("resumed"));
}
BENCHMARK_CAPTURE(Handshake, Full, 0);
BENCHMARK_CAPTURE(Handshake, Resumed, 64);

}  // namespace
}  // namespace tickscope::tls
