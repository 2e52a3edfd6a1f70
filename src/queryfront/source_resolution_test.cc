// How coarse windows may be, by name, by duration and by step.
#include "queryfront/source_resolution.h"

#include <gtest/gtest.h>

namespace tickscope::queryfront {
namespace {

TEST(SourceResolution, ReadsNamesAndDurations) {
  struct Case {
    const char* text;
    SourceResolution want;
  };
  const Case cases[] = {
      {"raw", SourceResolution::kRaw},         {"0s", SourceResolution::kRaw},
      {"30s", SourceResolution::kRaw},         {"1m", SourceResolution::kOneMinute},
      {"4m", SourceResolution::kOneMinute},    {"5m", SourceResolution::kFiveMinutes},
      {"59m", SourceResolution::kFiveMinutes}, {"1h", SourceResolution::kOneHour},
      {"3h", SourceResolution::kOneHour},      {"auto", SourceResolution::kAuto},
  };
  for (const Case& c : cases)
    EXPECT_EQ(*ParseSourceResolution(c.text), c.want) << c.text;
  for (const char* text : {"", "fine", "-5m", "5"})
    EXPECT_EQ(ParseSourceResolution(text).error().code, ErrorCode::kInvalidArgument) << text;
}

TEST(SourceResolution, FollowsTheStepWhenAuto) {
  EXPECT_EQ(SourceResolutionMs(SourceResolution::kAuto, 0), 0);
  EXPECT_EQ(SourceResolutionMs(SourceResolution::kAuto, 60'000), 0);
  EXPECT_EQ(SourceResolutionMs(SourceResolution::kAuto, 300'000), 60'000);
  EXPECT_EQ(SourceResolutionMs(SourceResolution::kAuto, 1'500'000), 300'000);
  EXPECT_EQ(SourceResolutionMs(SourceResolution::kAuto, 3'599'000), 300'000);
  EXPECT_EQ(SourceResolutionMs(SourceResolution::kAuto, 3'600'000), 3'600'000);
  EXPECT_EQ(SourceResolutionMs(SourceResolution::kOneHour, 0), 3'600'000);
  EXPECT_EQ(SourceResolutionMs(SourceResolution::kFiveMinutes, 0), 300'000);
  EXPECT_EQ(SourceResolutionMs(SourceResolution::kRaw, 3'600'000), 0);
}

}  // namespace
}  // namespace tickscope::queryfront
