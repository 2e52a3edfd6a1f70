// Fluentd's Forward protocol: every mode, in any pieces; acknowledgements; and what must not be believed.
#include "logs/fluent_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/metrics.h"
#include "logs/pushed_test.h"

namespace tickscope::logs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

std::string Text(std::string_view text) {
  return static_cast<char>(0xa0U | text.size()) + std::string(text);
}
// {"log": text}
std::string Record(std::string_view text) {
  return "\x81"s + Text("log") + Text(text);
}
// An EventTime: 2 s, 5 ns.
const std::string kTime = "\xd7\x00\x00\x00\x00\x02\x00\x00\x00\x05"s;
std::string Packed(std::string_view entries) {
  return "\xc5\x00"s + static_cast<char>(entries.size()) + std::string(entries);
}

class FluentDecoderTest : public testing::Test {
 protected:
  std::vector<PushedEntry> Take(std::string_view stream, std::size_t step = 10'000,
                                FluentOptions options = {}) {
    const Inflate inflate = [](std::string_view compressed, std::size_t bytes_max) -> Result<std::string> {
      if (compressed.size() > bytes_max) return Fail(ErrorCode::kOutOfRange, "too large");
      return std::string(compressed.substr(1));  // Whatever is behind a first byte.
    };
    FluentDecoder decoder(source_, options, inflate, intake_);
    std::string waiting;
    failed_ = false;
    while (!stream.empty() && !failed_) {
      waiting += stream.substr(0, step);
      stream.remove_prefix(std::min(step, stream.size()));
      const auto taken = decoder.Take(waiting);
      failed_ = !taken;
      if (taken) waiting.erase(0, *taken);
    }
    answers_ = decoder.TakeAnswers();
    std::string message;
    intake_.others().Encode(message);
    intake_.others().Clear();
    return PushedEntries(message);
  }
  std::vector<std::string> Lines(std::string_view stream, std::size_t step = 10'000) {
    std::vector<std::string> lines;
    for (const PushedEntry& entry : Take(stream, step))
      lines.push_back(entry.line);
    return lines;
  }
  std::uint64_t Refused(LogRefusal reason) { return metrics_.refused(LogInput::kFluent, reason).value(); }

  ManualClock clock_{1'700'000'000'000};
  MetricRegistry registry_;
  LogMetrics metrics_{registry_};
  std::unique_ptr<const guard::PiiScanner> scanner_ = guard::PiiScanner::Make({}).value();
  LogIntake intake_{*scanner_, nullptr, {.tenant = TenantId("eu")}, clock_, metrics_};
  LogSource source_ = intake_.AddSource(LogInput::kFluent, Labels());
  bool failed_ = false;
  std::string answers_;
};

TEST_F(FluentDecoderTest, TakesEveryModeInAnyPieces) {
  const std::string entry = "\x92"s + kTime + Record("b");
  const std::string stream = "\x93"s + Text("app.a") + kTime + Record("a") +     // Message
                             "\x92"s + Text("app.b") + "\x92" + entry + entry +  // Forward
                             "\x92"s + Text("app.c") + Packed(entry + entry) +   // PackedForward
                             "\x93"s + Text("app.d") + Packed("x" + entry) +     // CompressedPackedForward
                             "\x81" + Text("compressed") + Text("gzip");
  for (const std::size_t step : {1U, 5U, 10'000U}) {
    const auto entries = Take(stream, step);
    ASSERT_EQ(entries.size(), 6U);
    EXPECT_FALSE(failed_);
    EXPECT_EQ(entries[0].line, "a");
    EXPECT_EQ(entries[0].metadata, "tag=app.a");
    EXPECT_EQ(entries[0].time_ns, 2'000'000'005);
    EXPECT_EQ(entries[5].line, "b");
    EXPECT_EQ(entries[5].metadata, "tag=app.d");
  }
}

TEST_F(FluentDecoderTest, ChunksAreAcknowledged) {
  EXPECT_THAT(Lines("\x94"s + Text("app") + kTime + Record("a") + "\x81" + Text("chunk") + Text("c1")),
              ElementsAre("a"));
  EXPECT_EQ(answers_,
            "\x81\xa3"
            "ack\xd9\x02"
            "c1");
  EXPECT_THAT(Lines("\x93"s + Text("app") + kTime + Record("a")), ElementsAre("a"));
  EXPECT_EQ(answers_, "");
}

TEST_F(FluentDecoderTest, RecordsOfMoreAreJson) {
  const std::string record = "\x85"s + Text("log") + Text("a\"\n") + Text("n") + "\xff" + Text("f") +
                             "\xcb\x3f\xf8\0\0\0\0\0\0"s + Text("l") + "\x92\xc0\xc3" + Text("m") + "\x81" +
                             Text("k") + "\xcd\x01\x00"s;
  EXPECT_THAT(
      Lines("\x93"s + Text("app") + "\x01" + record),
      ElementsAre("{\"log\":\"a\\\"\\u000a\",\"n\":-1,\"f\":1.5,\"l\":[null,true],\"m\":{\"k\":256}}"));
}

TEST_F(FluentDecoderTest, HostileTagsAreRefusedAndCounted) {
  for (const std::string& tag : {"../../etc"s, "a\nb"s, "a\0b"s, ""s, "a b"s, "a/../b"s})
    EXPECT_THAT(Lines("\x94"s + Text(tag) + kTime + Record("a") + "\x81" + Text("chunk") + Text("c")),
                IsEmpty())
        << tag;
  EXPECT_EQ(Refused(LogRefusal::kBadTag), 6U);
  EXPECT_FALSE(failed_);
  EXPECT_TRUE(IsFluentTag(std::string(256, 'a')));
  EXPECT_FALSE(IsFluentTag(std::string(257, 'a')));
}

TEST_F(FluentDecoderTest, NothingIsAllocatedForWhatIsDeclared) {
  EXPECT_THAT(Lines("\xdd\xff\xff\xff\xff"s), IsEmpty());  // Four billion items.
  EXPECT_TRUE(failed_);
  EXPECT_THAT(Lines("\x92"s + Text("app") + "\xdf\xff\xff\xff\xff"s), IsEmpty());
  EXPECT_TRUE(failed_);
  EXPECT_THAT(Take("\x92"s + Text("app") + "\xc6\x7f\xff\xff\xff"s + std::string(2'000, 'x'), 100,
                   {.message_bytes_max = 1'000}),
              IsEmpty());
  EXPECT_TRUE(failed_);
  std::string deep = "\x93"s + Text("app") + "\x01";
  for (int i = 0; i < 100'000; ++i)
    deep += "\x81\xa1k";
  EXPECT_THAT(Lines(deep + "\x01"), IsEmpty());
  EXPECT_TRUE(failed_);
  EXPECT_EQ(Refused(LogRefusal::kTooLarge), 4U);
}

TEST_F(FluentDecoderTest, RefusesWhatIsNoMessage) {
  for (const std::string& bytes : {
           "\xc1"s,                                         // Begins nothing.
           "\x01"s,                                         // No array.
           "\x91\xa1x"s,                                    // Too few.
           "\x93\x01"s + kTime + Record("a"),               // A tag that is none.
           "\x93"s + Text("app") + kTime + Text("a"),       // A record that is none.
           "\x93"s + Text("app") + kTime + "\x81\x01\x01",  // A key that is none.
           "\x92"s + Text("app") + "\x91\x93\x01\x01\x01",  // An entry that is none.
           "\x92"s + Text("app") + Packed("\x92\x01"s),     // Cut.
           "\x93"s + Text("app") + Packed("") + "\x81" + Text("compressed") + Text("zip"),
       }) {
    EXPECT_THAT(Lines(bytes), IsEmpty());
    EXPECT_TRUE(failed_) << testing::PrintToString(bytes);
  }
}

}  // namespace
}  // namespace tickscope::logs
