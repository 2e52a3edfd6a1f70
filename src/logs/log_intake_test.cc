// The way of a line into a batch: nothing private leaves it, by token or by refusal, also where a line is cut.
#include "logs/log_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/metrics.h"
#include "logs/pushed_test.h"

namespace tickscope::logs {
namespace {

using testing::HasSubstr;
using testing::Not;

class FixedKeys final : public tokens::KeyProvider {
 public:
  Result<tokens::TenantKey> KeyFor(const TenantId&, tokens::TokenEpoch epoch) override {
    if (epoch < first) return Fail(ErrorCode::kNotFound, "no key");
    return tokens::TenantKey{.id = "k1", .hash = hash};
  }
  tokens::TokenEpoch first = 0;
  std::shared_ptr<const tokens::KeyedHash> hash =
      std::make_shared<const tokens::KeyedHash>(AsBytes("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"));
};

class LogIntakeTest : public testing::Test {
 protected:
  std::vector<PushedEntry> Taken(PushBatch& batch) {
    std::string message;
    batch.Encode(message);
    batch.Clear();
    return PushedEntries(message);
  }
  std::uint64_t Refused(LogRefusal reason) { return metrics_.refused(LogInput::kFile, reason).value(); }

  ManualClock clock_{1'700'000'000'000};
  MetricRegistry registry_;
  LogMetrics metrics_{registry_};
  FixedKeys keys_;
  std::unique_ptr<const guard::PiiScanner> scanner_ = guard::PiiScanner::Make({}).value();
  LogIntake intake_{*scanner_, &keys_, {.tenant = TenantId("eu")}, clock_, metrics_};
  LogSource source_ = intake_.AddSource(LogInput::kFile, {{"app", "game"}});
};

TEST_F(LogIntakeTest, ErrorsAreApartAndTimesAscend) {
  EXPECT_TRUE(intake_.Add(source_, {.text = "level=info joined"}));
  EXPECT_TRUE(intake_.Add(source_, {.text = "level=error lost"}));
  EXPECT_TRUE(intake_.Add(source_, {.text = "level=info joined"}));
  EXPECT_TRUE(intake_.Add(source_, {.text = "old", .time_ns = 5, .severity = Severity::kFatal}));
  const auto others = Taken(intake_.others());
  ASSERT_EQ(others.size(), 2U);
  EXPECT_EQ(others[0].labels, "{app=\"game\",level=\"info\"}");
  EXPECT_LT(others[0].time_ns, others[1].time_ns);
  EXPECT_EQ(others[0].time_ns / 1'000'000, 1'700'000'000'000);
  const auto errors = Taken(intake_.errors());
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].labels, "{app=\"game\",level=\"error\"}");
  EXPECT_EQ(errors[1].labels, "{app=\"game\",level=\"fatal\"}");
  EXPECT_EQ(errors[1].time_ns, 5);
}

TEST_F(LogIntakeTest, PrivateDataBecomesTokens) {
  EXPECT_TRUE(intake_.Add(source_, {.text = "login jane@example.com from 203.0.113.7"}));
  const std::vector<LabelView> metadata = {{"host", "jane@example.com"}, {"empty", ""}, {"pid", "7"}};
  EXPECT_TRUE(intake_.Add(source_, {.text = "quiet", .metadata = metadata}));
  const auto taken = Taken(intake_.others());
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_THAT(taken[0].line, HasSubstr("login eml_k1_"));
  EXPECT_THAT(taken[0].line, HasSubstr(" from ip_k1_"));
  EXPECT_THAT(taken[1].metadata, testing::StartsWith("host=eml_k1_"));
  EXPECT_THAT(taken[1].metadata, testing::EndsWith(" pid=7"));
  EXPECT_EQ(metrics_.tokens->value(), 3U);
}

TEST_F(LogIntakeTest, WithoutAKeyItIsRefusedAndCounted) {
  LogIntake keyless(*scanner_, nullptr, {.tenant = TenantId("eu")}, clock_, metrics_);
  const LogSource source = keyless.AddSource(LogInput::kFile, Labels());
  EXPECT_FALSE(keyless.Add(source, {.text = "login jane@example.com"}));
  EXPECT_TRUE(keyless.Add(source, {.text = "login of nobody"}));
  EXPECT_EQ(Refused(LogRefusal::kPrivate), 1U);
  keys_.first = ~tokens::TokenEpoch{0};
  EXPECT_FALSE(intake_.Add(source_, {.text = "login jane@example.com"}));
  EXPECT_EQ(Refused(LogRefusal::kPrivate), 2U);
}

TEST_F(LogIntakeTest, ACutLeavesNoHalfOfAValue) {
  const std::string text = "user is jane.doe@example.com, and so on";
  for (std::size_t keep = 1; keep < text.size(); ++keep) {
    ASSERT_TRUE(intake_.Add(source_, {.text = text, .keep = keep}));
    const auto taken = Taken(intake_.others());
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_THAT(taken[0].line, Not(HasSubstr("jane"))) << keep;
    EXPECT_LE(taken[0].line.find("eml_"), std::max<std::size_t>(keep, std::string::npos));
  }
  EXPECT_EQ(metrics_.cut(LogInput::kFile).value(), text.size() - 1);
}

TEST_F(LogIntakeTest, WhatIsNoTextIsCounted) {
  EXPECT_FALSE(intake_.Add(source_, {.text = "  \r"}));
  EXPECT_FALSE(intake_.Add(source_, {.text = "\xff\xfe\xfd"}));
  EXPECT_TRUE(intake_.Add(source_, {.text = "half a character at the end \xc3"}));
  EXPECT_EQ(Refused(LogRefusal::kBlank), 1U);
  EXPECT_EQ(Refused(LogRefusal::kBinary), 1U);
  EXPECT_EQ(metrics_.mended(LogInput::kFile).value(), 1U);
  EXPECT_EQ(metrics_.lines(LogInput::kFile).value(), 1U);
}

}  // namespace
}  // namespace tickscope::logs
