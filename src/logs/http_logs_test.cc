// Bodies of log records: every form that Fluent Bit and Fluentd send, and what must not be believed.
#include "logs/http_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/metrics.h"
#include "logs/pushed_test.h"

namespace tickscope::logs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

class HttpLogs : public testing::Test {
 protected:
  std::vector<PushedEntry> Take(HttpLogForm form, std::string_view body, std::string_view tag = "") {
    const Status taken = decoder_.Take(form, tag, body);
    code_ = taken ? std::nullopt : std::optional(taken.error().code);
    std::string message;
    intake_.others().Encode(message);
    intake_.others().Clear();
    return PushedEntries(message);
  }
  std::vector<std::string> Lines(HttpLogForm form, std::string_view body) {
    std::vector<std::string> lines;
    for (const PushedEntry& entry : Take(form, body))
      lines.push_back(entry.line);
    return lines;
  }
  std::uint64_t Refused(LogRefusal reason) { return metrics_.refused(LogInput::kHttp, reason).value(); }

  ManualClock clock_;
  MetricRegistry registry_;
  LogMetrics metrics_{registry_};
  std::unique_ptr<const guard::PiiScanner> scanner_ = guard::PiiScanner::Make({}).value();
  LogIntake intake_{*scanner_, nullptr, {.tenant = TenantId("t")}, clock_, metrics_};
  HttpLogDecoder decoder_{
      intake_.AddSource(LogInput::kHttp, Labels{{"job", "j"}}), {.line_bytes_max = 200}, intake_};
  std::optional<ErrorCode> code_;
};

TEST_F(HttpLogs, FormsByMediaType) {
  EXPECT_EQ(HttpLogFormOf("Application/JSON; charset=utf-8"), HttpLogForm::kJson);
  EXPECT_EQ(HttpLogFormOf("application/x-ndjson"), HttpLogForm::kJsonLines);
  EXPECT_EQ(HttpLogFormOf("application/msgpack"), HttpLogForm::kMsgpack);
  EXPECT_EQ(HttpLogFormOf("text/plain ;x"), HttpLogForm::kText);
  EXPECT_EQ(HttpLogFormOf(""), std::nullopt);
  EXPECT_EQ(HttpLogFormOf("application/x-www-form-urlencoded"), std::nullopt);
}

TEST_F(HttpLogs, AnArrayAsFluentBitSendsIt) {
  const auto entries =
      Take(HttpLogForm::kJson,
           R"([{"date":1700000000.5,"log":"one"},{"date":1700000001250,"log":"two","level":"x"},)"
           R"({"message":"three"},{"log":4},{"date":"2026-11-26","log":"five"}])",
           "game.a");
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[0].line, "one");
  EXPECT_EQ(entries[0].time_ns, 1'700'000'000'500'000'000);
  EXPECT_EQ(entries[0].metadata, "tag=game.a");
  EXPECT_EQ(entries[0].labels, R"({job="j",level="unknown"})");
  EXPECT_EQ(entries[1].line, R"({"date":1700000001250,"log":"two","level":"x"})");
  EXPECT_EQ(entries[1].time_ns, 1'700'000'001'250'000'000);
  EXPECT_EQ(entries[2].line, "three");
  EXPECT_EQ(entries[3].line, R"({"log":4})");
  EXPECT_EQ(entries[4].line, R"({"date":"2026-11-26","log":"five"})");
}

TEST_F(HttpLogs, JsonOneAfterTheOther) {
  EXPECT_THAT(Lines(HttpLogForm::kJson, "{\"log\":\"a\"}{\"log\":\"b\"}\n [ {\"log\":\"c\"} ] "),
              ElementsAre("a", "b", "c"));
  EXPECT_THAT(Lines(HttpLogForm::kJson, "[]"), IsEmpty());
  EXPECT_EQ(code_, std::nullopt);
}

TEST_F(HttpLogs, LinesThatAreNoJsonAreEntries) {
  EXPECT_THAT(Lines(HttpLogForm::kJsonLines, "{\"log\":\"a\"}\r\n\n{\"x\": 1 }\nplain {\n{\"log\":\"cut"),
              ElementsAre("a", "{\"x\": 1 }", "plain {", "{\"log\":\"cut"));
  EXPECT_THAT(Lines(HttpLogForm::kText, "{\"log\":\"a\"}\ntwo"), ElementsAre("{\"log\":\"a\"}", "two"));
  EXPECT_EQ(code_, std::nullopt);
}

TEST_F(HttpLogs, Msgpack) {
  const std::string record = "\x81\xa3log\xa3one";
  const auto entries =
      Take(HttpLogForm::kMsgpack,
           "\x92\xce\x65\x53\xf1\x00"s + record + "\x92\x92\xce\x65\x53\xf1\x00\x80"s + record + record, "t");
  ASSERT_EQ(entries.size(), 3U);
  for (const PushedEntry& entry : entries) {
    EXPECT_EQ(entry.line, "one");
    EXPECT_EQ(entry.metadata, "tag=t");
  }
  EXPECT_EQ(entries[0].time_ns, 1'700'000'000'000'000'000);
  EXPECT_EQ(entries[1].time_ns, 1'700'000'000'000'000'000);
  EXPECT_LT(entries[2].time_ns, 1'700'000'000'000'000'000);
}

TEST_F(HttpLogs, Refused) {
  for (const std::string& body :
       {"["s, "{\"log\":\"a\"} {\"log\""s, "nonsense"s, "[1,]"s, "{\"a\":\"\xff\"}"s}) {
    SCOPED_TRACE(body);
    (void)Take(HttpLogForm::kJson, body);
    EXPECT_EQ(code_, ErrorCode::kCorruption);
  }
  EXPECT_EQ(Refused(LogRefusal::kMalformed), 5U);
  (void)Take(HttpLogForm::kJson, "[" + std::string(20, '[') + std::string(20, ']') + "]");
  EXPECT_EQ(code_, ErrorCode::kOutOfRange);
  for (const std::string& body : {"\xc1"s, "\x92\x01"s, "\x93\x01\x02\x03"s, "\x92\x01\x02"s}) {
    (void)Take(HttpLogForm::kMsgpack, body);
    EXPECT_EQ(code_, ErrorCode::kCorruption);
  }
  std::string many;
  for (std::size_t i = 0; i <= kHttpEntriesMax; ++i)
    many += "x\n";
  (void)Take(HttpLogForm::kText, many);
  EXPECT_EQ(code_, ErrorCode::kOutOfRange);
  EXPECT_EQ(Refused(LogRefusal::kTooLarge), 2U);
  (void)Take(HttpLogForm::kText, "a", "../x");
  EXPECT_EQ(code_, ErrorCode::kCorruption);
  EXPECT_EQ(Refused(LogRefusal::kBadTag), 1U);
}

TEST_F(HttpLogs, LongEntriesAreCut) {
  const auto lines = Lines(HttpLogForm::kText, std::string(500, 'x'));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].size(), 200U);
  EXPECT_EQ(metrics_.cut(LogInput::kHttp).value(), 1U);
}

}  // namespace
}  // namespace tickscope::logs
