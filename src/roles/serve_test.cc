// The server in one process on the in-memory disk: what a write was answered 204 for is served, also after the power
// was cut; health tells the truth; reload and roles do what they say.
#include "roles/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "http/client.h"
#include "io/asio_network.h"
#include "io/memory_file_system.h"
#include "io/system_clock.h"
#include "wire/remote_write_encode.h"

namespace tickscope::roles {
namespace {

using ::testing::HasSubstr;

class Fixture {
 public:
  Fixture()
      : network(io::MakeAsioNetwork()), clock(io::MakeSystemClock()), process_info(io::MakeProcessInfo()) {}

  [[nodiscard]] Status Start(const std::string& roles = "all") {
    ServeConfig config;
    config.data_directory = "/data";
    config.http.address = "127.0.0.1:0";
    config.roles = roles;
    config.stream.disk_free_bytes_min = 0;
    config.drain_timeout_ms = 1000;
    auto started = ServeProcess::Start({fs, *network, *process_info, *clock, random, "test"}, config,
                                       [this] { failed = true; });
    if (!started) return std::unexpected(started.error());
    serve = *std::move(started);
    client = http::Client::Make(*network, {});
    return {};
  }
  [[nodiscard]] Status BecomeReady() { return serve->BecomeReady(stopping); }

  [[nodiscard]] http::Response Send(const std::string& method, const std::string& target,
                                    std::string body = {}, http::Headers headers = {}) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.body = std::move(body);
    request.headers = std::move(headers);
    auto response = client->Fetch(http::ParseUrl("http://" + serve->address() + target).value(), request);
    EXPECT_TRUE(response.has_value()) << response.error().message;
    return response ? *response : http::Response{};
  }

  [[nodiscard]] http::Response Write(const std::string& server, TimeMs time_ms, double value) {
    const Labels labels{{"__name__", "players"}, {"server", server}};
    const wire::WriteSample sample{.time_ms = time_ms, .value = value};
    const wire::WriteSeries series{.labels = &labels, .samples = std::span(&sample, 1)};
    wire::RemoteWriteEncoder encoder(wire::RemoteWriteProtocol::kV2);
    std::string body;
    encoder.Encode(std::span(&series, 1), body);
    http::Headers headers;
    headers.Set("Content-Type", wire::kRemoteWriteV2ContentType);
    headers.Set("Content-Encoding", "snappy");
    return Send("POST", "/api/v1/write", std::move(body), std::move(headers));
  }

  // Waits until the query's answer contains `text`: writes are visible soon, not at once.
  [[nodiscard]] bool Shows(const std::string& query, const std::string& text) {
    const auto deadline = clock->Monotonic() + std::chrono::seconds(10);
    while (clock->Monotonic() < deadline) {
      if (Send("GET", "/api/v1/query?query=" + query).body.find(text) != std::string::npos) return true;
    }
    return false;
  }

  io::MemoryFileSystem fs;
  std::unique_ptr<io::Network> network;
  std::unique_ptr<Clock> clock;
  std::unique_ptr<io::ProcessInfo> process_info;
  SeededRandom random{1};
  std::atomic<bool> stopping{false};
  std::atomic<bool> failed{false};
  std::unique_ptr<ServeProcess> serve;
  std::unique_ptr<http::Client> client;
};

TEST(Serve, AcknowledgedSamplesSurviveAPowerCut) {
  Fixture fixture;
  ASSERT_TRUE(fixture.Start().has_value());
  ASSERT_TRUE(fixture.BecomeReady().has_value());
  const TimeMs now = fixture.clock->NowMs();
  const http::Response written = fixture.Write("eu-1", now, 42);
  EXPECT_EQ(written.status, 204);
  EXPECT_EQ(written.headers.Get(wire::kSamplesWrittenHeader), "1");
  EXPECT_TRUE(fixture.Shows("players", "\"42\""));

  fixture.serve.reset();
  fixture.fs.Crash({.unsynced = io::CrashPolicy::Unsynced::kLost});
  ASSERT_TRUE(fixture.Start().has_value());
  ASSERT_TRUE(fixture.BecomeReady().has_value());
  EXPECT_TRUE(fixture.Shows("players", "\"42\""));
  // The sender's retry after the cut is no second sample.
  EXPECT_EQ(fixture.Write("eu-1", now, 42).status, 204);
  EXPECT_TRUE(fixture.Shows("count_over_time(players[5m])", "\"1\""));
}

TEST(Serve, AnswersHealthWhileReplaying) {
  Fixture fixture;
  ASSERT_TRUE(fixture.Start().has_value());
  EXPECT_EQ(fixture.Send("GET", "/-/healthy").status, 200);
  const http::Response ready = fixture.Send("GET", "/-/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("replaying the stream"));
  const http::Response write = fixture.Write("eu-1", fixture.clock->NowMs(), 1);
  EXPECT_EQ(write.status, 503);
  EXPECT_EQ(write.headers.Get("Retry-After"), "1");
  ASSERT_TRUE(fixture.BecomeReady().has_value());
  EXPECT_EQ(fixture.Send("GET", "/-/ready").status, 200);
}

TEST(Serve, FullDiskIs503AndTheRetryIsTaken) {
  Fixture fixture;
  ASSERT_TRUE(fixture.Start("gateway,store,query").has_value());
  ASSERT_TRUE(fixture.BecomeReady().has_value());
  const TimeMs now = fixture.clock->NowMs();
  EXPECT_EQ(fixture.Write("eu-1", now, 1).status, 204);
  io::FileFault full;
  full.times = io::FileFault::kForever;
  full.error = Error{ErrorCode::kResourceExhausted, "disk full"};
  fixture.fs.Inject(full);
  const http::Response refused = fixture.Write("eu-1", now + 1000, 2);
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("disk full"));
  fixture.fs.ClearFaults();
  EXPECT_EQ(fixture.Write("eu-1", now + 1000, 2).status, 204);
  EXPECT_TRUE(fixture.Shows("count_over_time(players[5m]%20offset%20-1m)", "\"2\""));
  EXPECT_FALSE(fixture.failed);
}

TEST(Serve, FailedSyncEndsTheProcess) {
  Fixture fixture;
  ASSERT_TRUE(fixture.Start("gateway,store").has_value());
  ASSERT_TRUE(fixture.BecomeReady().has_value());
  EXPECT_EQ(fixture.Write("eu-1", fixture.clock->NowMs(), 1).status, 204);
  io::FileFault fault;
  fault.operation = io::FileOperation::kSync;
  fixture.fs.Inject(fault);
  EXPECT_EQ(fixture.Write("eu-1", fixture.clock->NowMs() + 1, 2).status, 503);
  fixture.serve->Stop();
  EXPECT_TRUE(fixture.failed);
}

TEST(Roles, ListsAndNeeds) {
  EXPECT_TRUE(ParseRoles("all").value().query);
  EXPECT_FALSE(ParseRoles("gateway, store").value().query);
  EXPECT_THAT(ParseRoles("gatewy").error().message, HasSubstr("unknown role: got \"gatewy\""));
  EXPECT_THAT(ParseRoles("query").error().message, HasSubstr("role query needs role store"));
  EXPECT_FALSE(ParseRoles("").has_value());
}

TEST(ServeConfig, ShowReadsBackToTheSame) {
  ServeConfig config;
  config.http.address = "0.0.0.0:1";
  config.ingest.admission.limits.late_window_ms = 1234;
  config.log_format = LogFormat::kJson;
  ServeConfig read;
  const Status status = ReadServeConfig(WriteServeConfig(config), "shown.yaml", read);
  ASSERT_TRUE(status.has_value()) << status.error().message;
  EXPECT_EQ(WriteServeConfig(read), WriteServeConfig(config));
}

TEST(ServeConfig, NamesMistakesWithTheirPlace) {
  ServeConfig config;
  const Status status =
      ReadServeConfig("listen: 127.0.0.1:1\nstreem:\n  segment_bytes_max: 1\n", "t.yaml", config);
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("t.yaml:2:1"));
  EXPECT_THAT(status.error().message, HasSubstr("stream"));
  EXPECT_EQ(config.http.address, ServeConfig().http.address);
}

TEST(ServeConfig, PromisesNoVersionOfTlsThatGrpcCannotRefuse) {
  const std::string tls = "tls: {certificate_file: a, key_file: b, min_version: '1.3'}\n";
  ServeConfig config;
  EXPECT_TRUE(ReadServeConfig(tls, "t.yaml", config).has_value());
  const Status status = ReadServeConfig(tls + "otlp: {grpc: {listen: '127.0.0.1:4317'}}\n", "t.yaml", config);
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("t.yaml:1"));
}

}  // namespace
}  // namespace tickscope::roles
