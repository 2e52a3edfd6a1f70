// What a shipper of logs does with its receivers' answers: each record delivered or kept, with the number it had in the spool, also over a
// kill; in memory, on simulated time.
#include "agent/log_shipper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "guard/pii_scanner.h"
#include "http/server.h"
#include "io/memory_file_system.h"
#include "io/memory_network.h"
#include "logs/log_metrics.h"
#include "wire/delivery_headers.h"

namespace tickscope::agent {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::SizeIs;

constexpr TimeMs kStartMs = 1'700'000'000'000;

struct Asked {
  std::string receiver;
  TimeMs after_ms = 0;  // Since the start.
  http::Headers headers;
};

class LogShipperTest : public testing::Test {
 protected:
  LogShipperTest() {
    config_.push.url = "http://first:80/loki/api/v1/push";
    config_.push.backoff_min_ms = 1'000;
    config_.push.backoff_max_ms = 1'000;
    config_.push.delivery.sender = "host-1";
    config_.push.delivery.throttle_ratio = 0;
    config_.spool = {
        .directory = "logs", .bytes_max = 1U << 20, .segment_bytes = 64U << 10, .error_bytes = 256U << 10};
    Serve("first");
  }

  void Serve(const std::string& name) {
    servers_[name] =
        http::Server::Start(
            network_, {.address = name + ":80"},
            [this, name](const http::Request& request, http::Respond respond) {
              asked_.push_back({name, clock_.NowMs() - kStartMs, request.headers});
              respond(answers_.contains(name) ? answers_.at(name) : http::Response{.status = 204});
            },
            server_registry_)
            .value();
  }

  void Start() {
    loop_ = network_.MakeLoop();
    auto made = LogShipper::Make(config_,
                                 {.network = network_,
                                  .loop = *loop_,
                                  .clock = clock_,
                                  .random = random_,
                                  .fs = fs_,
                                  .registry = registry_,
                                  .host_name = "the-host"},
                                 [](WorkerPool::Task&& task) {
                                   task();
                                   return true;
                                 });
    ASSERT_TRUE(made.has_value()) << made.error().message;
    shipper_ = *std::move(made);
  }

  void Kill() {
    shipper_.reset();
    loop_.reset();
  }

  void Write(std::string_view line) {
    ASSERT_TRUE(intake_.Add(source_, {.text = line}));
    ASSERT_TRUE(shipper_->Write(intake_, {}));
  }

  void RunFor(std::chrono::milliseconds period) { network_.scheduler().RunFor(period); }
  void Answer(const std::string& name, int status, std::string_view header = "",
              std::string_view value = "") {
    http::Response response{.status = status};
    if (!header.empty()) response.headers.Set(header, value);
    answers_[name] = std::move(response);
  }
  std::uint64_t Requests(const char* result) {
    return registry_.AddCounter("tickscope_log_requests_total", "", {{"result", result}})->value();
  }

  ManualClock clock_{kStartMs};
  io::MemoryNetwork network_{clock_, {}};
  io::MemoryFileSystem fs_;
  SeededRandom random_{3};
  MetricRegistry registry_;
  MetricRegistry server_registry_;
  LogsConfig config_;
  std::map<std::string, http::Response> answers_;
  std::vector<Asked> asked_;
  std::map<std::string, std::unique_ptr<http::Server>> servers_;
  std::unique_ptr<io::EventLoop> loop_;
  logs::LogMetrics log_metrics_{registry_};
  std::unique_ptr<const guard::PiiScanner> scanner_ = guard::PiiScanner::Make({}).value();
  logs::LogIntake intake_{*scanner_, nullptr, {.tenant = TenantId("eu")}, clock_, log_metrics_};
  logs::LogSource source_ = intake_.AddSource(logs::LogInput::kFile, {{"app", "game"}});
  std::unique_ptr<LogShipper> shipper_;
};

TEST_F(LogShipperTest, EachRecordHasItsNumberAndKeepsItOverAKill) {
  Start();
  Answer("first", 503);
  Write("one");
  RunFor(seconds(3));
  ASSERT_GE(asked_.size(), 2U);
  const std::string delivery(asked_[0].headers.Get(wire::kDeliveryHeader));
  EXPECT_FALSE(delivery.empty());
  EXPECT_EQ(asked_[0].headers.Get(wire::kSenderHeader), "host-1");
  EXPECT_EQ(asked_[1].headers.Get(wire::kDeliveryHeader), delivery) << "the same push again";
  Kill();
  asked_.clear();
  Answer("first", 204, wire::kDuplicateHeader, "1");
  Start();
  Write("two");
  RunFor(seconds(3));
  ASSERT_THAT(asked_, SizeIs(2));
  EXPECT_EQ(asked_[0].headers.Get(wire::kDeliveryHeader), delivery) << "by another process";
  EXPECT_NE(asked_[1].headers.Get(wire::kDeliveryHeader), delivery);
  EXPECT_EQ(registry_.AddCounter("tickscope_log_requests_duplicate_total", "", {})->value(), 2U);
  EXPECT_EQ(Requests("ok"), 2U);
}

TEST_F(LogShipperTest, TheHostsNameIsTheSenderWhenNobodyIsNamed) {
  config_.push.delivery.sender.clear();
  Start();
  Write("one");
  RunFor(seconds(1));
  ASSERT_THAT(asked_, SizeIs(1));
  EXPECT_EQ(asked_[0].headers.Get(wire::kSenderHeader), "the-host");
}

TEST_F(LogShipperTest, RetryAfterIsObeyed) {
  Answer("first", 429, "Retry-After", "30");
  Start();
  Write("one");
  RunFor(seconds(29));
  EXPECT_THAT(asked_, SizeIs(1));
  RunFor(seconds(60));
  EXPECT_GE(asked_.size(), 2U);
  EXPECT_GE(asked_[1].after_ms, 30'000);
}

TEST_F(LogShipperTest, WhatIsRefusedIsDroppedAndWhoIsUnknownWaits) {
  Answer("first", 401);
  Start();
  Write("one");
  RunFor(seconds(5));
  EXPECT_EQ(Requests("refused"), 0U);
  EXPECT_GE(Requests("retried"), 3U);
  Answer("first", 400);
  RunFor(seconds(2));
  EXPECT_EQ(Requests("refused"), 1U);
  EXPECT_EQ(registry_.AddCounter("tickscope_log_refused_lines_total", "", {})->value(), 1U);
  asked_.clear();
  RunFor(seconds(60));
  EXPECT_THAT(asked_, SizeIs(0)) << "it is gone";
}

TEST_F(LogShipperTest, AfterAWhileTheNextReceiverIsAsked) {
  config_.push.delivery.failover_urls = {"http://second:80/loki/api/v1/push"};
  config_.push.delivery.failover = {.failures_min = 3, .fail_after_ms = 2'000, .fail_back_ms = 60'000};
  Serve("second");
  Answer("first", 503);
  Start();
  Write("one");
  RunFor(seconds(20));
  ASSERT_GE(asked_.size(), 4U);
  EXPECT_EQ(asked_.back().receiver, "second");
  EXPECT_EQ(Requests("ok"), 1U);
  const std::size_t before = asked_.size();
  Write("two");
  RunFor(seconds(1));
  ASSERT_EQ(asked_.size(), before + 1);
  EXPECT_EQ(asked_.back().receiver, "second") << "the first is not asked for each push";
}

TEST_F(LogShipperTest, AReceiverThatRefusesMuchIsAskedLess) {
  config_.push.delivery.throttle_ratio = 2;
  Answer("first", 429);
  Start();
  Write("one");
  RunFor(seconds(120));
  EXPECT_GT(Requests("held_back"), 20U);
  Answer("first", 204);
  RunFor(seconds(60));
  EXPECT_EQ(Requests("ok"), 1U) << "and it comes back";
}

TEST_F(LogShipperTest, ZstdIsSentWhereItIsTakenAndSnappyElsewhere) {
  config_.push.delivery.compression = PushCompression::kZstd;
  Start();
  Write("one");
  RunFor(seconds(1));
  Answer("first", 400);
  Write("two");
  RunFor(seconds(1));
  EXPECT_EQ(Requests("refused"), 1U) << "who took zstd before means something else by 400";
  Answer("first", 415);
  Write("three");
  RunFor(seconds(1));
  std::vector<std::string> codings;
  for (const Asked& asked : asked_)
    codings.emplace_back(asked.headers.Get("Content-Encoding"));
  EXPECT_THAT(codings, ElementsAre("zstd", "zstd", "zstd", "snappy"));
  EXPECT_EQ(asked_[3].headers.Get(wire::kDeliveryHeader), asked_[2].headers.Get(wire::kDeliveryHeader));
}

TEST_F(LogShipperTest, AReceiverThatCannotReadZstdLosesNothing) {
  config_.push.delivery.compression = PushCompression::kZstd;
  servers_.erase("first");
  servers_["first"] = http::Server::Start(
                          network_, {.address = "first:80"},
                          [this](const http::Request& request, http::Respond respond) {
                            const bool is_snappy = request.headers.Get("Content-Encoding") == "snappy";
                            asked_.push_back({"first", clock_.NowMs() - kStartMs, request.headers});
                            respond({.status = is_snappy ? 204 : 400});
                          },
                          server_registry_)
                          .value();
  Start();
  Write("one");
  Write("two");
  RunFor(seconds(1));
  EXPECT_THAT(asked_, SizeIs(3)) << "zstd is tried once";
  EXPECT_EQ(Requests("ok"), 2U);
  EXPECT_EQ(Requests("refused"), 0U);
}

TEST(PushCompression, WhatIsNoBlockStays) {
  std::string body = "\xff\xff\xff\xff\xff\xff";
  const std::string before = body;
  EXPECT_EQ(PackBody(BodyForm::kSnappyBlock, PushCompression::kZstd, body), "snappy");
  EXPECT_EQ(body, before);
}

TEST_F(LogShipperTest, CertificatesThatAreNotThereAreToldAtTheStart) {
  config_.push.url = "https://first:443/loki/api/v1/push";
  config_.push.tls.client.ca_file = "none.pem";
  loop_ = network_.MakeLoop();
  const auto made = LogShipper::Make(config_,
                                     {.network = network_,
                                      .loop = *loop_,
                                      .clock = clock_,
                                      .random = random_,
                                      .fs = fs_,
                                      .registry = registry_},
                                     [](WorkerPool::Task&&) { return true; });
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().message, testing::HasSubstr("none.pem"));
}

}  // namespace
}  // namespace tickscope::agent
