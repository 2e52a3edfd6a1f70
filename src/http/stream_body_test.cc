// Answers that go on: pieces reach the client as they come, a slow one is bounded, and each end is told to the other.
#include "http/stream_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "http/raw_client_test.h"
#include "http/server.h"
#include "io/memory_network.h"

namespace tickscope::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::StartsWith;

StreamBody::Piece Piece(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

// A server whose every answer is the stream that the test holds.
class StreamTest : public ::testing::Test {
 protected:
  void StartServer(Handler handler, ServerOptions options = {}) {
    network_ = std::make_unique<io::MemoryNetwork>(clock_, io::MemoryNetworkOptions{});
    options.address = "server:80";
    server_ = Server::Start(*network_, std::move(options), std::move(handler), metrics_).value();
  }
  void StartStreams(std::size_t bytes_max, ServerOptions options = {}) {
    StartServer(
        [this, bytes_max](Request, Respond respond) {
          stream_ = std::make_shared<StreamBody>(bytes_max, [this] { ++closed_; });
          respond({.status = 200, .body = "head|", .stream = stream_});
        },
        std::move(options));
  }
  RawClient Connect() { return RawClient(*network_, server_->address()); }
  double Metric(const char* name) { return metrics_.AddGauge(name, "", {})->value(); }

  ManualClock clock_;
  MetricRegistry metrics_;
  std::unique_ptr<io::MemoryNetwork> network_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<StreamBody> stream_;
  int closed_ = 0;
};

TEST_F(StreamTest, SendsPiecesAsTheyComeAndKeepsTheConnection) {
  StartStreams(1000);
  RawClient client = Connect();
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.AwaitText("head|\r\n"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhead|\r\n");
  EXPECT_EQ(Metric("tickscope_http_streams"), 1);
  EXPECT_EQ(stream_->Offer({Piece("one "), Piece("two")}), StreamBody::Offered::kTaken);
  EXPECT_THAT(client.AwaitText("two\r\n"), EndsWith("7\r\none two\r\n"));
  network_->scheduler().RunFor(milliseconds(1));
  EXPECT_EQ(stream_->waiting_bytes(), 0U);
  stream_->End();
  EXPECT_THAT(client.AwaitText("0\r\n\r\n"), EndsWith("two\r\n0\r\n\r\n"));
  network_->scheduler().RunFor(milliseconds(1));
  EXPECT_EQ(closed_, 1);
  EXPECT_EQ(stream_->Offer({Piece("late")}), StreamBody::Offered::kClosed);
  EXPECT_EQ(Metric("tickscope_http_streams"), 0);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.AwaitText("0\r\n\r\nHTTP/1.1 200 OK\r\n");
  EXPECT_FALSE(client.ended());
}

TEST_F(StreamTest, EndsWithTheConnectionInTheOldVersion) {
  StartStreams(1000);
  RawClient client = Connect();
  client.Send("GET / HTTP/1.0\r\n\r\n");
  client.AwaitText("head|");
  EXPECT_EQ(stream_->Offer({Piece("more")}), StreamBody::Offered::kTaken);
  stream_->End();
  EXPECT_EQ(client.AwaitEnd(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhead|more");
}

TEST_F(StreamTest, SaysWhenTheClientHasGone) {
  struct Case {
    const char* name;
    std::function<void(RawClient&)> act;
  };
  const Case cases[] = {{"closes", [](RawClient& c) { c.Disconnect(); }},
                        {"ends its half", [](RawClient& c) { c.FinishSending(); }}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    closed_ = 0;
    StartStreams(1000);
    RawClient client = Connect();
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    client.AwaitText("head|");
    EXPECT_EQ(closed_, 0);
    c.act(client);
    network_->scheduler().RunFor(milliseconds(1));
    EXPECT_EQ(closed_, 1);
    EXPECT_TRUE(stream_->closed());
    EXPECT_EQ(Metric("tickscope_http_connections"), 0);
    server_.reset();
  }
}

TEST_F(StreamTest, HasNoBodyForHead) {
  StartStreams(1000);
  RawClient client = Connect();
  client.Send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.AwaitText("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(closed_, 1);
}

TEST_F(StreamTest, BoundsWhatASlowClientLeavesWaiting) {
  StartStreams(100'000, {.write_timeout = seconds(3)});
  const auto loop = network_->MakeLoop();
  std::unique_ptr<io::Connection> deaf;
  network_->Connect(*loop, server_->address(), seconds(5),
                    [&](Result<std::unique_ptr<io::Connection>> made) { deaf = *std::move(made); });
  loop->RunUntil([&] { return deaf != nullptr; });
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  deaf->Write({AsBytes(kRequest)}, [](const Status&) {});
  network_->scheduler().RunFor(milliseconds(1));
  ASSERT_NE(stream_, nullptr);
  int taken = 0;
  while (stream_->Offer({Piece(std::string(10'000, 'x'))}) == StreamBody::Offered::kTaken) {
    ++taken;
    network_->scheduler().RunFor(milliseconds(1));
    ASSERT_LT(taken, 100);
  }
  EXPECT_GE(taken, 10);
  EXPECT_LE(stream_->waiting_bytes(), 100'000U);
  EXPECT_EQ(closed_, 0);
  network_->scheduler().RunFor(seconds(4));
  EXPECT_EQ(closed_, 1) << "write_timeout ends it";
  EXPECT_EQ(metrics_.AddCounter("tickscope_http_rejections_total", "", {{"limit", "write_time"}})->value(),
            1U);
}

TEST_F(StreamTest, TakesAPieceLargerThanTheBoundAlone) {
  StartStreams(1000);
  RawClient client = Connect();
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.AwaitText("head|\r\n");
  EXPECT_EQ(stream_->Offer({Piece(std::string(600'000, 'x').append("end"))}), StreamBody::Offered::kTaken);
  EXPECT_EQ(stream_->Offer({Piece("y")}), StreamBody::Offered::kFull);
  client.AwaitText("end\r\n");
  EXPECT_EQ(stream_->Offer({Piece("y")}), StreamBody::Offered::kTaken);
}

TEST_F(StreamTest, AbortingEndsTheConnectionThoughItIsNotRead) {
  StartStreams(1000);
  const auto loop = network_->MakeLoop();
  std::unique_ptr<io::Connection> deaf;
  network_->Connect(*loop, server_->address(), seconds(5), [&](auto made) { deaf = *std::move(made); });
  loop->RunUntil([&] { return deaf != nullptr; });
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  deaf->Write({AsBytes(kRequest)}, [](const Status&) {});
  network_->scheduler().RunFor(milliseconds(1));
  EXPECT_EQ(stream_->Offer({Piece(std::string(1'000'000, 'x'))}), StreamBody::Offered::kTaken);
  network_->scheduler().RunFor(milliseconds(1));
  EXPECT_EQ(closed_, 0);
  stream_->Abort();
  network_->scheduler().RunFor(milliseconds(1));
  EXPECT_EQ(closed_, 1);
  EXPECT_EQ(Metric("tickscope_http_connections"), 0);
}

TEST_F(StreamTest, DrainingEndsIt) {
  StartStreams(1000);
  RawClient client = Connect();
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.AwaitText("head|");
  EXPECT_EQ(stream_->Offer({Piece("last words")}), StreamBody::Offered::kTaken);
  const TimeMs before_ms = clock_.NowMs();
  server_->Drain(seconds(30));
  EXPECT_LT(clock_.NowMs() - before_ms, 15'000);
  EXPECT_THAT(client.AwaitEnd(), EndsWith("last words\r\n0\r\n\r\n"));
  EXPECT_EQ(closed_, 1);
}

TEST_F(StreamTest, ClosesTheStreamOfAClientThatLeftBeforeTheAnswer) {
  std::optional<Respond> later;
  StartServer([&](Request, Respond respond) { later.emplace(std::move(respond)); });
  {
    RawClient client = Connect();
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    client.Await([&] { return later.has_value(); });
    network_->ResetAll();
    network_->scheduler().RunFor(milliseconds(1));
  }
  const auto stream = std::make_shared<StreamBody>(1000, [this] { ++closed_; });
  (*later)({.status = 200, .body = "", .stream = stream});
  network_->scheduler().RunFor(milliseconds(1));
  EXPECT_EQ(closed_, 1);
}

}  // namespace
}  // namespace tickscope::http
