// FleetRun: what is acknowledged is in the ledger and nothing else is; a receiver that fails, refuses or is down for a
// while meets the answers the remote-write specification asks of a sender.
#include "fleet/fleet_run.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/mutex.h"
#include "fleet/game_catalog.h"
#include "io/memory_file_system.h"
#include "io/system_clock.h"

namespace tickscope::fleet {
namespace {

// Answers requests from a script, then 204. Shared by the clients of all lanes.
struct Receiver {
  Mutex mu;
  std::deque<Result<http::Response>> script;
  std::vector<http::Request> requests;

  Result<http::Response> Answer(http::Request request) {
    const MutexLock lock(mu);
    requests.push_back(std::move(request));
    if (script.empty()) return http::Response{.status = 204, .headers = {}, .body = {}};
    auto answer = std::move(script.front());
    script.pop_front();
    return answer;
  }
};

class FakeClient final : public http::Client {
 public:
  explicit FakeClient(Receiver& receiver) : receiver_(receiver) {}
  Result<http::Response> Fetch(const http::Url&, http::Request request) override {
    return receiver_.Answer(std::move(request));
  }

 private:
  Receiver& receiver_;
};

class FleetRunTest : public testing::Test {
 protected:
  FleetRunTest() {
    options_.plan = {.seed = 1,
                     .servers = 4,
                     .servers_per_request = 2,
                     .points_per_request = 2,
                     .cadence_ms = 10'000,
                     .start_ms = 1'767'225'600'000};
    options_.tick_count = 3;
    options_.speed = 0;
    options_.connections = 1;
  }

  // Runs to the end and returns what the ledger then says.
  Ledger RunAll() {
    auto writer = LedgerWriter::Open(fs_, "l", options_.plan).value();
    {
      FleetRun run(
          options_, [this] { return std::make_unique<FakeClient>(receiver_); }, *clock_, writer.get(), 1);
      StopFlag never;
      while (!run.Done())
        (void)never.WaitUntil(*clock_, clock_->Monotonic() + std::chrono::milliseconds(1));
      report_ = run.Report();
      outcome_ = run.Outcome();
    }
    EXPECT_TRUE(writer->Flush().has_value());
    return ReadLedger(fs_, "l").value();
  }

  static http::Response Status(int status) { return {.status = status, .headers = {}, .body = "because"}; }

  RunOptions options_;
  Receiver receiver_;
  std::unique_ptr<Clock> clock_ = io::MakeSystemClock();
  io::MemoryFileSystem fs_;
  RunReport report_;
  tickscope::Status outcome_;
};

TEST_F(FleetRunTest, SendsEveryTickOnce) {
  options_.to.tenant = "studio";
  const Ledger ledger = RunAll();
  EXPECT_TRUE(outcome_.has_value());
  EXPECT_EQ(report_.samples_acknowledged, 4 * 3 * kSeriesPerServer);
  EXPECT_EQ(report_.requests_acknowledged, 4);  // Two groups, two blocks of two and one tick.
  ASSERT_EQ(ledger.runs.size(), 1);
  for (std::uint32_t group = 0; group < 2; ++group) {
    for (std::uint64_t tick = 0; tick < 3; ++tick) {
      EXPECT_TRUE(ledger.runs[0].acknowledged.at(group).Contains(tick));
    }
  }
  EXPECT_EQ(ledger.runs[0].TickEnd(), 3);
  const http::Headers& headers = receiver_.requests[0].headers;
  EXPECT_EQ(headers.Get("Content-Type"), "application/x-protobuf");
  EXPECT_EQ(headers.Get("Content-Encoding"), "snappy");
  EXPECT_EQ(headers.Get("X-Prometheus-Remote-Write-Version"), "0.1.0");
  EXPECT_EQ(headers.Get("X-Scope-OrgID"), "studio");
}

TEST_F(FleetRunTest, RetriesTheSameBytesUntilAcknowledged) {
  receiver_.script.push_back(Fail(ErrorCode::kUnavailable, "refused"));
  receiver_.script.push_back(Status(503));
  receiver_.script.push_back(Status(429));
  const Ledger ledger = RunAll();
  EXPECT_TRUE(outcome_.has_value());
  EXPECT_EQ(report_.retries, 3);
  EXPECT_EQ(report_.errors,
            (std::map<std::string, std::uint64_t>{{"429", 1}, {"503", 1}, {"unavailable", 1}}));
  EXPECT_EQ(receiver_.requests[3].body, receiver_.requests[0].body);
  EXPECT_NE(receiver_.requests[4].body, receiver_.requests[0].body);
  EXPECT_TRUE(ledger.runs[0].acknowledged.at(0).Contains(0));
  EXPECT_EQ(report_.samples_refused, 0);
}

TEST_F(FleetRunTest, LeavesRefusedSamplesOutOfTheLedger) {
  receiver_.script.push_back(Status(400));
  const Ledger ledger = RunAll();
  EXPECT_EQ(report_.samples_refused, 2 * 2 * kSeriesPerServer);
  EXPECT_EQ(report_.retries, 0);
  EXPECT_FALSE(ledger.runs[0].acknowledged.at(0).Contains(0));
  EXPECT_TRUE(ledger.runs[0].acknowledged.at(0).Contains(2));
  EXPECT_EQ(report_.last_error, "400: because");
}

TEST_F(FleetRunTest, GivesUpAfterRetryFor) {
  options_.retry_for = std::chrono::milliseconds(0);
  receiver_.script.push_back(Status(503));
  receiver_.script.push_back(Status(503));
  const Ledger ledger = RunAll();
  ASSERT_FALSE(outcome_.has_value());
  EXPECT_EQ(outcome_.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_NE(outcome_.error().message.find("503: because"), std::string::npos);
  EXPECT_TRUE(ledger.runs[0].acknowledged.empty());
}

TEST_F(FleetRunTest, TakesAVersion2AnswerWithoutCountsForARefusal) {
  options_.to.protocol = wire::RemoteWriteProtocol::kV2;
  http::Response whole{.status = 204, .headers = {}, .body = {}};
  whole.headers.Set("X-Prometheus-Remote-Write-Samples-Written", "1200");
  receiver_.script.push_back(whole);
  const Ledger ledger = RunAll();
  EXPECT_EQ(report_.samples_acknowledged, 1'200);
  EXPECT_EQ(report_.errors.at("not all written"), 3);
  EXPECT_EQ(ledger.runs[0].TickEnd(), 2);
  EXPECT_EQ(receiver_.requests[0].headers.Get("Content-Type"),
            "application/x-protobuf;proto=io.prometheus.write.v2.Request");
}

TEST_F(FleetRunTest, PacesByTheClock) {
  options_.speed = 1'000;  // A cadence takes 10 ms.
  options_.connections = 2;
  (void)RunAll();
  EXPECT_TRUE(report_.paced);
  EXPECT_GE(report_.seconds, 0.020);
  EXPECT_GT(report_.from_due_max.count(), 0);
}

TEST_F(FleetRunTest, StopsWhenAsked) {
  options_.tick_count = 0;
  options_.speed = 1;
  FleetRun run(options_, [this] { return std::make_unique<FakeClient>(receiver_); }, *clock_, nullptr, 1);
  EXPECT_FALSE(run.Done());
  run.Stop();
  StopFlag never;
  while (!run.Done())
    (void)never.WaitUntil(*clock_, clock_->Monotonic() + std::chrono::milliseconds(1));
  EXPECT_TRUE(run.Outcome().has_value());
}

}  // namespace
}  // namespace tickscope::fleet
