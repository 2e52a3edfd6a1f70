// How bad a line is: what logfmt, JSON, brackets, capitals and glog say, and what is only a word in a sentence.
#include "logs/severity.h"

#include <gtest/gtest.h>

#include <string>

namespace tickscope::logs {
namespace {

TEST(Severity, IsWhatTheLineSays) {
  struct Case {
    const char* line;
    Severity severity;
  };
  const Case cases[] = {
      {"ts=2026-11-26T15:00:00Z level=error msg=\"all good\"", Severity::kError},
      {"{\"time\":1,\"level\":\"warning\",\"msg\":\"ERROR in words\"}", Severity::kWarn},
      {"{\"severity\": \"CRITICAL\"}", Severity::kFatal},
      {"{\"Level\":\"Information\"}", Severity::kInfo},
      {"2026-11-26 15:00:00,123 ERROR [main] c.g.Match - lost", Severity::kError},
      {"[2026.11.26-15.00.00:123][  7]LogNet: Warning: peer is slow", Severity::kUnknown},
      {"[error] 42#0: upstream timed out", Severity::kError},
      {"warning: unused", Severity::kWarn},
      {"E1126 15:00:00.000001 7 match.cc:1] no", Severity::kError},
      {"I1126 15:00:00.000001 7 match.cc:1] ERROR", Severity::kInfo},
      {"player got an error, said the client", Severity::kUnknown},
      {"NO_ERROR left", Severity::kUnknown},
      {"error.html was fetched", Severity::kUnknown},
      {"ERROR404 page", Severity::kUnknown},
      {"level=3 x", Severity::kUnknown},
      {"next_level=error", Severity::kUnknown},
      {"", Severity::kUnknown},
      {"DEBUG then ERROR", Severity::kDebug},
  };
  for (const Case& c : cases)
    EXPECT_EQ(SeverityName(DetectSeverity(c.line)), SeverityName(c.severity)) << c.line;
  EXPECT_EQ(DetectSeverity(std::string(kSeverityBytes, ' ') + "ERROR"), Severity::kUnknown);
}

TEST(Severity, WordsAndNumbers) {
  EXPECT_EQ(ParseSeverity("WaRn"), Severity::kWarn);
  EXPECT_EQ(ParseSeverity("e"), Severity::kError);
  EXPECT_EQ(ParseSeverity(""), std::nullopt);
  EXPECT_EQ(ParseSeverity("notaseverityatall"), std::nullopt);
  EXPECT_EQ(SeverityOfSyslog(3), Severity::kError);
  EXPECT_EQ(SeverityOfSyslog(7), Severity::kDebug);
  EXPECT_EQ(SeverityOfSyslog(8), Severity::kUnknown);
  EXPECT_TRUE(IsError(Severity::kFatal));
  EXPECT_FALSE(IsError(Severity::kWarn));
}

}  // namespace
}  // namespace tickscope::logs
