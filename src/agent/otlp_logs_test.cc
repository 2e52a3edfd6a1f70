// Log records by OTLP as entries: level, time, what goes with them and where; nothing private leaves, also by a name; and a request is taken
// whole or not at all.
#include "agent/otlp_logs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/metrics.h"
#include "logs/log_intake.h"
#include "otlp/json_request.h"

namespace tickscope::agent {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr TimeMs kNow = 1'700'000'000'000;

class FixedKeys final : public tokens::KeyProvider {
 public:
  Result<tokens::TenantKey> KeyFor(const TenantId&, tokens::TokenEpoch) override {
    return tokens::TenantKey{.id = "k1", .hash = hash};
  }
  std::shared_ptr<const tokens::KeyedHash> hash =
      std::make_shared<const tokens::KeyedHash>(AsBytes("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"));
};

std::string TextAttribute(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"key":"{}","value":{{"stringValue":"{}"}}}})", key, value);
}

// A request of records, of a resource with these attributes.
std::string Request(const std::string& records, const std::string& resource = "") {
  return otlp::JsonRequests()
      .ToProtobuf(otlp::Signal::kLogs, R"({"resourceLogs":[{"resource":{"attributes":[)" + resource +
                                           R"(]},"scopeLogs":[{"logRecords":[)" + records + "]}]}]}")
      .value();
}

std::string Record(std::string_view body, std::string_view more = "") {
  return fmt::format(R"({{"timeUnixNano":"{}000000","body":{{"stringValue":"{}"}}{}}})", kNow, body, more);
}

class OtlpLogsTest : public testing::Test {
 protected:
  std::optional<otlp::ExportOutcome> Take(const std::string& message) {
    heard_.reset();
    logs_.Take(message, [this](otlp::ExportOutcome outcome) { heard_ = std::move(outcome); });
    return heard_;
  }
  // "labels line | metadata" of what waits in a batch, errors first. Empties both.
  std::vector<std::string> Taken() {
    std::vector<std::string> out;
    for (logs::PushBatch* const batch : {&intake_.errors(), &intake_.others()}) {
      std::string message;
      batch->Encode(message);
      batch->Clear();
      out.push_back(std::move(message));
    }
    return out;
  }
  std::string Text() {
    const auto both = Taken();
    return both[0] + both[1];
  }
  [[nodiscard]] std::uint64_t Refused(logs::LogRefusal reason) {
    return metrics_.refused(logs::LogInput::kOtlp, reason).value();
  }

  ManualClock clock_{kNow};
  MetricRegistry registry_;
  logs::LogMetrics metrics_{registry_};
  FixedKeys keys_;
  std::unique_ptr<const guard::PiiScanner> scanner_ = guard::PiiScanner::Make({}).value();
  logs::LogIntake intake_{*scanner_, &keys_, {.tenant = TenantId("eu")}, clock_, metrics_};
  bool has_room_ = true;
  OtlpLogs logs_{
      Labels{{"job", "otlp"}},
      [this] { return OtlpLogs::Privacy{.scanner = *scanner_, .keys = &keys_, .tenant = TenantId("eu")}; },
      intake_, clock_, [this] { return has_room_; }};
  std::optional<otlp::ExportOutcome> heard_;
};

TEST_F(OtlpLogsTest, IsAnsweredWhenItIsWritten) {
  EXPECT_FALSE(Take(Request(Record("late"))).has_value());
  logs_.OnWritten();
  ASSERT_TRUE(heard_.has_value());
  EXPECT_FALSE(heard_->error.has_value());
  EXPECT_EQ(heard_->refused, 0U);
  EXPECT_EQ(metrics_.lines(logs::LogInput::kOtlp).value(), 1U);
}

TEST_F(OtlpLogsTest, LevelsAndClasses) {
  (void)Take(Request(Record("a", R"(,"severityNumber":9)") + "," + Record("b", R"(,"severityNumber":17)") +
                     "," + Record("c", R"(,"severityText":"WARNING")") + "," +
                     Record("d", R"(,"severityNumber":99)") + "," + Record("level=debug e")));
  const auto both = Taken();
  EXPECT_THAT(both[0], HasSubstr(R"({job="otlp",level="error"})"));
  EXPECT_THAT(both[0], Not(HasSubstr("info")));
  for (const char* const level : {"info", "warn", "unknown", "debug"})
    EXPECT_THAT(both[1], HasSubstr(fmt::format(R"({{job="otlp",level="{}"}})", level)));
}

TEST_F(OtlpLogsTest, WhatGoesWithAnEntry) {
  const std::string resource =
      TextAttribute("service.name", "match") + "," + TextAttribute("host.name", "gs-1");
  const std::string more =
      R"(,"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","attributes":[)" +
      TextAttribute("map.name", "dust") + R"(,{"key":"tick","value":{"intValue":"77"}}])";
  (void)Take(Request(Record("late", more), resource));
  const std::string text = Text();
  for (const char* const part : {"service_name", "match", "trace_id", "0102030405060708090a0b0c0d0e0f10",
                                 "span_id", "map_name", "dust", "tick", "77", "host_name", "gs-1"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST_F(OtlpLogsTest, WhatHasNoPlaceBesideALineIsInIt) {
  std::string attributes;
  for (int i = 0; i < 20; ++i)
    attributes += (i == 0 ? "" : ",") + TextAttribute(fmt::format("a{}", i), fmt::format("v {}", i));
  (void)Take(Request(Record("late", R"(,"attributes":[)" + attributes + "]")));
  EXPECT_THAT(Text(), HasSubstr(R"(late a16="v 16" a17="v 17" a18="v 18" a19="v 19")"));
  // A record without a text is what it has.
  (void)Take(Request(R"({"attributes":[)" + TextAttribute("map", "dust") + "]}"));
  EXPECT_THAT(Text(), HasSubstr("map=dust"));
  (void)Take(Request(R"({"eventName":"match.begin"})"));
  EXPECT_THAT(Text(), HasSubstr("match.begin"));
  EXPECT_EQ(Refused(logs::LogRefusal::kBlank), 0U);
}

TEST_F(OtlpLogsTest, NothingPrivateLeaves) {
  const std::string attributes = R"(,"attributes":[)" + TextAttribute("user.id", "4711") + "," +
                                 TextAttribute("note", "from jane@example.com") + "," +
                                 TextAttribute("long", std::string(1'100, 'x') + " joe@example.com") + "]";
  (void)Take(
      Request(Record("mail ann@example.com", attributes), TextAttribute("service.owner", "bob@example.com")));
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("mail eml_k1_"));
  EXPECT_THAT(text, HasSubstr("plr_k1_"));
  for (const char* const name : {"4711", "jane", "joe", "ann@", "bob"})
    EXPECT_THAT(text, Not(HasSubstr(name)));
  (void)Take(Request(Record("x", R"(,"attributes":[)" + TextAttribute("jane@example.com", "1") + "]")));
  logs_.OnWritten();
  EXPECT_EQ(heard_->refused, 1U);
  EXPECT_EQ(heard_->message, "1 log records refused: 1 private");
  EXPECT_EQ(Refused(logs::LogRefusal::kPrivate), 1U);
}

TEST_F(OtlpLogsTest, WhatIsRefusedCostsItselfAlone) {
  (void)Take(
      Request(Record(" ") + "," + Record("good") + R"(,{"timeUnixNano":"1","body":{"stringValue":"old"}},)" +
              fmt::format(R"({{"timeUnixNano":"{}000000","body":{{"stringValue":"new"}}}})", kNow + 700'000) +
              R"(,{"body":{"stringValue":"without a time"}})"));
  logs_.OnWritten();
  ASSERT_TRUE(heard_.has_value());
  EXPECT_EQ(heard_->refused, 3U);
  EXPECT_EQ(heard_->message, "3 log records refused: 1 blank, 2 time");
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("good"));
  EXPECT_THAT(text, HasSubstr("without a time"));
}

TEST_F(OtlpLogsTest, AMalformedRequestIsNotTakenInPart) {
  std::string message = Request(Record("first"));
  message += "\x0a\x7f";
  const auto heard = Take(message);
  ASSERT_TRUE(heard.has_value());
  EXPECT_EQ(heard->error->code, ErrorCode::kCorruption);
  EXPECT_EQ(intake_.bytes(), 0U);
}

TEST_F(OtlpLogsTest, AFullDiskIsTold) {
  has_room_ = false;
  const auto heard = Take(Request(Record("late")));
  ASSERT_TRUE(heard.has_value());
  EXPECT_EQ(heard->error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(Refused(logs::LogRefusal::kFull), 1U);
}

}  // namespace
}  // namespace tickscope::agent
