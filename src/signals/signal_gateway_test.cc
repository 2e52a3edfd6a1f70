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
  [[nodiscard]] stream::Offset EndOffset(stream::PartitionId) const override { return records.size(); }
  [[nodiscard]] stream::Offset EpochStart(stream::PartitionId, stream::Offset offset) const override {
    if (offset >= records.size()) return offset;
    while (offset > 0 && records[offset - 1].epoch == records[offset].epoch)
      --offset;
    return offset;
  }
  void Release(stream::PartitionId, stream::Offset) override {}
  [[nodiscard]] Result<std::vector<stream::Record>> Read(stream::PartitionId, stream::Offset from,
                                                         std::size_t) override {
    return std::vector<stream::Record>(records.begin() + static_cast<std::ptrdiff_t>(from), records.end());
  }
  // Makes what was appended last durable, and says so unless the process is gone by then.
  void Keep(bool is_heard = true) {
    records.push_back({records.size(), epoch, payloads.back()});
    if (is_heard) held.back()(records.back().offset);
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
  std::vector<stream::Record> records;  // Durable.
};

struct Door {
  Door() {
    auto rules = std::make_shared<PrivacyRules>();
    rules->scanner = guard::PiiScanner::Make({}).value();
    gateway = std::make_unique<SignalGateway>(stream, deliveries, clock, metrics, SignalOptions{},
                                              std::move(rules));
  }

  // Commits that many lines of 200 kB; 21 make a payload.
  void Commit(int lines, const ingest::MaybeDelivery& delivery = std::nullopt) {
    Intake intake = gateway->Begin(codec::RecordKind::kLogs, "eu", delivery);
    intake.SetOrigin({});
    const std::string text(200'000, 'x');
    for (int i = 0; i < lines; ++i) {
      codec::LogRecord record;
      record.body = codec::SignalValue::Text(text);
      intake.Add(record);
    }
    gateway->Commit(std::move(intake), 1, delivery,
                    [this](SignalAnswer answer) { answers.push_back(std::move(answer)); });
  }

  // Pushes a line under a number, as senders do; what the door said.
  SignalAnswer Push(std::uint64_t number, int lines = 1) {
    const codec::Delivery delivery{"host-1", 7, number};
    if (auto known = gateway->BeginPush(codec::RecordKind::kLogs, "eu", delivery)) return *std::move(known);
    Commit(lines, delivery);
    return {};
  }

  HeldStream stream;
  ingest::Deliveries deliveries{100};
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
  door.gateway->Commit(std::move(intake), 500, std::nullopt,
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

TEST(SignalGateway, APushThatComesAgainIsNotWrittenAgain) {
  Door door;
  EXPECT_FALSE(door.Push(1).is_duplicate);
  const SignalAnswer pending = door.Push(1);
  ASSERT_TRUE(pending.error) << "it is being written";
  EXPECT_EQ(pending.error->code, ErrorCode::kUnavailable);
  door.stream.Keep();
  EXPECT_TRUE(door.Push(1).is_duplicate);
  EXPECT_FALSE(door.Push(2).is_duplicate);
  EXPECT_EQ(door.stream.appends, 2);
  EXPECT_NE(door.metrics.RenderText().find("tickscope_signal_duplicate_pushes_total{signal=\"logs\"} 1"),
            std::string::npos);
}

TEST(SignalGateway, APushThatFailedIsWrittenAgain) {
  Door door;
  static_cast<void>(door.Push(1));
  door.stream.held.back()(Fail(ErrorCode::kUnavailable, "the disk is gone"));
  EXPECT_FALSE(door.Push(1).is_duplicate);
  EXPECT_EQ(door.stream.appends, 2);
}

TEST(SignalGateway, ANumberIsOneWithItsLines) {
  Door door;
  // 6 MB: two records when it was not numbered.
  static_cast<void>(door.Push(1, 30));
  ASSERT_EQ(door.stream.payloads.size(), 1U);
  codec::SignalBatchReader reader;
  ASSERT_TRUE(reader.Open(door.stream.payloads[0]));
  EXPECT_EQ(reader.header().records, 30U);
  codec::RecordDeliveries read;
  ASSERT_TRUE(codec::ReadSignalDeliveries(door.stream.payloads[0], read));
  EXPECT_EQ(read.delivery, (codec::Delivery{"host-1", 7, 1}));
}

TEST(SignalGateway, WhatIsTooLargeForOneRecordIsNotKeptInMind) {
  Door door;
  static_cast<void>(door.Push(1, 200));
  ASSERT_EQ(door.stream.payloads.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i)
    door.stream.held[i](stream::Offset{i});
  EXPECT_FALSE(door.answers.at(0).error);
  EXPECT_FALSE(door.Push(1).is_duplicate) << "there once or more, as without a number";
}

TEST(SignalGateway, OneThatWasKilledKnowsWhatItHad) {
  Door first;
  static_cast<void>(first.Push(1));
  first.stream.Keep();
  static_cast<void>(first.Push(2));
  first.stream.Keep(false);
  static_cast<void>(first.Push(3));
  Door second;
  second.stream.records = first.stream.records;
  ASSERT_TRUE(second.deliveries.Recover(second.stream));
  EXPECT_TRUE(second.Push(1).is_duplicate);
  EXPECT_TRUE(second.Push(2).is_duplicate) << "nobody was told, and it is there";
  EXPECT_FALSE(second.Push(3).is_duplicate) << "it was never durable";
}

TEST(SignalGateway, WhatWasDeliveredIsKnownAfterManyEpochs) {
  Door first;
  for (std::uint64_t number = 1; number <= 8; ++number) {
    ++first.stream.epoch;
    static_cast<void>(first.Push(number));
    first.stream.Keep();
    // Who does not count carries it as well.
    ++first.stream.epoch;
    first.Commit(1);
    first.stream.Keep();
  }
  Door second;
  second.stream.records = first.stream.records;
  ASSERT_TRUE(second.deliveries.Recover(second.stream));
  for (std::uint64_t number = 1; number <= 8; ++number)
    EXPECT_TRUE(second.Push(number).is_duplicate) << number;
}

TEST(SignalGateway, WhatAnEpochIsOwedIsOwedAgainWhenItIsLost) {
  Door first;
  static_cast<void>(first.Push(1));
  first.stream.Keep();
  first.stream.epoch += 2;
  first.Commit(1);
  first.stream.held.back()(Fail(ErrorCode::kUnavailable, "the disk is full"));
  first.Commit(1);
  first.stream.Keep();
  first.stream.epoch += 2;
  first.Commit(1);
  first.stream.Keep();
  Door second;
  second.stream.records = first.stream.records;
  ASSERT_TRUE(second.deliveries.Recover(second.stream));
  EXPECT_TRUE(second.Push(1).is_duplicate);
}

TEST(SignalGateway, ATenantSendsSoManyBytesASecond) {
  using codec::RecordKind;
  Door door;
  EXPECT_TRUE(door.gateway->Admit(RecordKind::kLogs, "eu", 1'000'000)) << "no limit until told";
  door.gateway->SetRates({.others = {.log_bytes_per_second = 100, .burst_seconds = 2},
                          .tenants = {{"us", {.trace_bytes_per_second = 10, .burst_seconds = 1}}}});
  EXPECT_TRUE(door.gateway->Admit(RecordKind::kLogs, "eu", 250));
  const Status refused = door.gateway->Admit(RecordKind::kLogs, "eu", 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
  EXPECT_NE(refused.error().message.find("log_bytes_per_second=100"), std::string::npos);
  EXPECT_TRUE(door.gateway->Admit(RecordKind::kSpans, "eu", 1'000'000)) << "another limit";
  EXPECT_TRUE(door.gateway->Admit(RecordKind::kLogs, "us", 1'000'000)) << "another tenant";
  EXPECT_TRUE(door.gateway->Admit(RecordKind::kSpans, "us", 11));
  EXPECT_FALSE(door.gateway->Admit(RecordKind::kSpans, "us", 1));
  door.clock.Advance(std::chrono::milliseconds(600));
  EXPECT_TRUE(door.gateway->Admit(RecordKind::kLogs, "eu", 1));
  const std::string text = door.metrics.RenderText();
  EXPECT_NE(text.find("tickscope_signal_rate_limited_requests_total{signal=\"logs\"} 1"), std::string::npos);
  EXPECT_NE(text.find("tickscope_signal_rate_limited_requests_total{signal=\"spans\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace tickscope::signals
