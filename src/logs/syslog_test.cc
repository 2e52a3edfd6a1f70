// Syslog: both forms, both framings in any pieces, and what is none of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/metrics.h"
#include "logs/pushed_test.h"
#include "logs/syslog_decoder.h"
#include "logs/syslog_message.h"

namespace tickscope::logs {
namespace {

using testing::ElementsAre;

TEST(SyslogMessage, SaysWhatIsInIt) {
  struct Case {
    const char* name;
    const char* message;
    Severity severity;
    const char* host;
    const char* app;
    const char* pid;
    const char* id;
    const char* data;
    const char* text;
  };
  const Case cases[] = {
      {"5424",
       "<165>1 2003-10-11T22:14:15.003Z m.example.com evntslog 42 ID47 [x@1 a=\"b]\\\"\"][y@2] An event",
       Severity::kInfo, "m.example.com", "evntslog", "42", "ID47", "[x@1 a=\"b]\\\"\"][y@2]", "An event"},
      {"5424, nothing said", "<11>1 - - - - - -", Severity::kError, "", "", "", "", "", ""},
      {"5424, byte order mark", "<34>1 - h a - - - \xef\xbb\xbftext", Severity::kFatal, "h", "a", "", "", "",
       "text"},
      {"5424, data without end", "<34>1 - h a - - [x text", Severity::kFatal, "", "", "", "", "",
       "1 - h a - - [x text"},
      {"3164", "<34>Oct 11 22:14:15 mymachine su[7]: 'su root' failed", Severity::kFatal, "mymachine", "su",
       "7", "", "", "'su root' failed"},
      {"3164, one digit", "<12>Oct  1 22:14:15 host cron: ran", Severity::kWarn, "host", "cron", "", "", "",
       "ran"},
      {"3164, no tag", "<12>Oct  1 22:14:15 host no tag here", Severity::kWarn, "host", "", "", "", "",
       "no tag here"},
      {"as rsyslog forwards", "<13>2026-11-26T15:00:00.123456+01:00 host game[1]: up", Severity::kInfo,
       "host", "game", "1", "", "", "up"},
      {"a priority alone", "<13>hello", Severity::kInfo, "", "", "", "", "", "hello"},
      {"no priority", "hello <13>", Severity::kUnknown, "", "", "", "", "", "hello <13>"},
      {"a priority that is none", "<999>x", Severity::kUnknown, "", "", "", "", "", "<999>x"},
      {"nothing", "", Severity::kUnknown, "", "", "", "", "", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const SyslogMessage message = ParseSyslog(c.message);
    EXPECT_EQ(SeverityName(message.severity), SeverityName(c.severity));
    EXPECT_EQ(message.host, c.host);
    EXPECT_EQ(message.app, c.app);
    EXPECT_EQ(message.pid, c.pid);
    EXPECT_EQ(message.id, c.id);
    EXPECT_EQ(message.structured_data, c.data);
    EXPECT_EQ(message.text, c.text);
  }
}

class SyslogDecoderTest : public testing::Test {
 protected:
  // Entries of a stream that comes in pieces.
  std::vector<std::string> Lines(std::string_view stream, std::size_t step) {
    SyslogDecoder decoder(source_, 100, intake_);
    std::string waiting;
    while (!stream.empty()) {
      waiting += stream.substr(0, step);
      stream.remove_prefix(std::min(step, stream.size()));
      const auto taken = decoder.Take(waiting);
      failed_ = !taken;
      if (failed_) break;
      waiting.erase(0, *taken);
    }
    std::string message;
    intake_.others().Encode(message);
    intake_.others().Clear();
    std::vector<std::string> lines;
    for (const PushedEntry& entry : PushedEntries(message))
      lines.push_back(entry.line);
    return lines;
  }
  std::uint64_t Refused(LogRefusal reason) { return metrics_.refused(LogInput::kSyslog, reason).value(); }

  ManualClock clock_{1'700'000'000'000};
  MetricRegistry registry_;
  LogMetrics metrics_{registry_};
  std::unique_ptr<const guard::PiiScanner> scanner_ = guard::PiiScanner::Make({}).value();
  LogIntake intake_{*scanner_, nullptr, {.tenant = TenantId("eu")}, clock_, metrics_};
  LogSource source_ = intake_.AddSource(LogInput::kSyslog, Labels());
  bool failed_ = false;
};

TEST_F(SyslogDecoderTest, TakesBothFramingsInAnyPieces) {
  const std::string stream = "<13>one\n7 <13>two<13>three\n" + std::string("11 <13>fo\nu r!<13>five\n");
  for (const std::size_t step : {1U, 3U, 1'000U}) {
    EXPECT_THAT(Lines(stream, step), ElementsAre("one", "two", "three", "fo\nu r!", "five"));
    EXPECT_FALSE(failed_);
  }
}

TEST_F(SyslogDecoderTest, SkipsWhatIsTooLong) {
  const std::string stream =
      "200 " + std::string(200, 'x') + "<13>one\n<13>" + std::string(500, 'y') + "\n<13>two\n";
  for (const std::size_t step : {1U, 64U, 10'000U})
    EXPECT_THAT(Lines(stream, step), ElementsAre("one", "two"));
  EXPECT_EQ(Refused(LogRefusal::kTooLarge), 6U);
}

TEST_F(SyslogDecoderTest, ALengthThatIsNoneEndsIt) {
  EXPECT_THAT(Lines("<13>one\n12x <13>two\n", 1'000), ElementsAre("one"));
  EXPECT_TRUE(failed_);
  Lines("99999999999999999999 x", 1'000);
  EXPECT_TRUE(failed_);
  EXPECT_EQ(Refused(LogRefusal::kMalformed), 2U);
}

}  // namespace
}  // namespace tickscope::logs
