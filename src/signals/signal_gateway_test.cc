// SignalGateway: nothing is answered as taken before all of it is durable, and a request of which the stream refused a part is
// answered with the stream's error, once.
#include "signals/signal_gateway.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tickscope::signals {
namespace {

// A stream whose appends end when the test says so.
class HeldStream final : public stream::Stream {
 public:
  [[nodiscard]] std::uint32_t partition_count() const override { return 1; }
  [[nodiscard]] stream::Epoch CurrentEpoch(stream::PartitionId) const override { return epoch; }
  [[nodiscard]] Status Append(stream::PartitionId, stream::Epoch of, Bytes payload,
                              stream::AppendCallback done) override {
    ++appends;
    // The epoch moves on behind whoever has just asked for it.
    if (epochs_to_move > 0) {
      --epochs_to_move;
      ++epoch;
      return Fail(ErrorCode::kFailedPrecondition, "the stream moved on");
    }
    EXPECT_EQ(of, epoch);
    if (refuse_after == 0) return Fail(ErrorCode::kResourceExhausted, "the queue is full");
    --refuse_after;
    payloads.push_back(std::move(payload));
    held.push_back(std::move(done));
    return {};
  }
  [[nodiscard]] stream::Offset StartOffset(stream::PartitionId) const override { return 0; }
  [[nodiscard]] stream::Offset EndOffset(stream::PartitionId) const override { return 0; }
  [[nodiscard]] stream::Offset EpochStart(stream::PartitionId, stream::Offset) const override { return 0; }
  void Release(stream::PartitionId, stream::Offset) override {}
  [[nodiscard]] Result<std::vector<stream::Record>> Read(stream::PartitionId, stream::Offset,
                                                         std::size_t) override {
    return std::vector<stream::Record>{};
  }
  [[nodiscard]] bool WaitFor(stream::PartitionId, stream::Offset, std::chrono::milliseconds) override {
    return false;
  }
  void Close() override {}

  stream::Epoch epoch = 7;
  int epochs_to_move = 0;
  int refuse_after = 1'000;
  int appends = 0;
  std::vector<Bytes> payloads;
  std::vector<stream::AppendCallback> held;
};

struct Door {
  Door() {
    auto rules = std::make_shared<PrivacyRules>();
    rules->scanner = guard::PiiScanner::Make({}).value();
    gateway = std::make_unique<SignalGateway>(stream, clock, metrics, SignalOptions{}, std::move(rules));
  }

  // Commits that many lines of 200 kB; 21 make a payload.
  void Commit(int lines) {
    Intake intake = gateway->Begin(codec::RecordKind::kLogs, "eu");
    intake.SetOrigin({});
    const std::string text(200'000, 'x');
    for (int i = 0; i < lines; ++i) {
      codec::LogRecord record;
      record.body = codec::SignalValue::Text(text);
      intake.Add(record);
    }
    gateway->Commit(std::move(intake), 1,
                    [this](SignalAnswer answer) { answers.push_back(std::move(answer)); });
  }

  HeldStream stream;
  ManualClock clock{1'700'000'000'000};
  MetricRegistry metrics;
  std::unique_ptr<SignalGateway> gateway;
  std::vector<SignalAnswer> answers;
};

TEST(SignalGateway, AnswersWhenAllIsDurable) {
  Door door;
  door.Commit(30);
  ASSERT_EQ(door.stream.held.size(), 2U);
  EXPECT_TRUE(door.answers.empty());
  door.stream.held[1](stream::Offset{1});
  EXPECT_TRUE(door.answers.empty());
  door.stream.held[0](stream::Offset{0});
  ASSERT_EQ(door.answers.size(), 1U);
  EXPECT_EQ(door.answers[0].accepted, 30U);
  EXPECT_FALSE(door.answers[0].error);
}

TEST(SignalGateway, AnEmptyRequestIsDoneAtOnce) {
  Door door;
  door.Commit(0);
  ASSERT_EQ(door.answers.size(), 1U);
  EXPECT_FALSE(door.answers[0].error);
  EXPECT_EQ(door.stream.appends, 0);
}

TEST(SignalGateway, APartThatFailsFailsTheRequest) {
  Door door;
  door.Commit(30);
  door.stream.held[0](Fail(ErrorCode::kUnavailable, "the disk is gone"));
  EXPECT_TRUE(door.answers.empty());
  door.stream.held[1](stream::Offset{1});
  ASSERT_EQ(door.answers.size(), 1U);
  ASSERT_TRUE(door.answers[0].error);
  EXPECT_EQ(door.answers[0].error->code, ErrorCode::kUnavailable);
}

TEST(SignalGateway, APartThatTheStreamDoesNotTakeFailsTheRequest) {
  Door door;
  door.stream.refuse_after = 1;
  door.Commit(30);
  EXPECT_TRUE(door.answers.empty()) << "the first is still on its way";
  door.stream.held[0](stream::Offset{0});
  ASSERT_EQ(door.answers.size(), 1U);
  ASSERT_TRUE(door.answers[0].error);
  EXPECT_EQ(door.answers[0].error->code, ErrorCode::kResourceExhausted);
}

TEST(SignalGateway, ANewEpochIsTriedAgain) {
  Door door;
  door.stream.epochs_to_move = 3;
  door.Commit(1);
  ASSERT_EQ(door.stream.held.size(), 1U);
  EXPECT_EQ(door.stream.appends, 4);
  door.stream.held[0](stream::Offset{0});
  EXPECT_FALSE(door.answers.at(0).error);

  // One that never holds still is a matter of trying again.
  door.stream.epochs_to_move = 1'000;
  door.Commit(1);
  ASSERT_EQ(door.answers.size(), 2U);
  EXPECT_EQ(door.answers[1].error->code, ErrorCode::kUnavailable);
}

TEST(SignalGateway, CountsWhatItTookAndRefused) {
  Door door;
  Intake intake = door.gateway->Begin(codec::RecordKind::kSpans, "eu");
  intake.SetOrigin({});
  intake.Add(
      codec::SpanRecord{.trace_id = "0123456789abcdef", .span_id = "01234567", .name = "to a@example.com"});
  intake.Add(codec::SpanRecord{});
  door.gateway->Commit(std::move(intake), 500,
                       [&](SignalAnswer answer) { door.answers.push_back(std::move(answer)); });
  // Without any time a span is of 1970.
  ASSERT_EQ(door.answers.size(), 1U);
  EXPECT_EQ(door.answers[0].refused, 2U);
  const std::string text = door.metrics.RenderText();
  EXPECT_NE(text.find("tickscope_signal_refused_records_total{signal=\"spans\",reason=\"bad_id\"} 1"),
            std::string::npos);
  EXPECT_NE(text.find("tickscope_signal_refused_records_total{signal=\"spans\",reason=\"too_old\"} 1"),
            std::string::npos);
  EXPECT_NE(text.find("tickscope_signal_request_bytes_total{signal=\"spans\"} 500"), std::string::npos);
}

}  // namespace
}  // namespace tickscope::signals
