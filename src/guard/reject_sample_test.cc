// RejectSample: what a refused series was like may be seen, and nobody in it: every planted value is looked for in every
// sample, whichever rule refused it; samples are few, the newest stay, and a flood of one reason takes no other's.
#include "guard/reject_sample.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/guard.h"
#include "schema/schema_reader.h"

namespace tickscope::guard {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSchema = R"(
schema: game
version: "1.0"
defaults: {owner: gameplay, class: ops, cadence: 10s}
target_labels:
  region: {values: [na, eu], help: Where.}
  server: {pattern: "[a-z]+-[0-9]{5}", budget: 100, optional: true, help: Which.}
metrics:
  - name: game_joins_total
    type: counter
    help: Players who joined.
    owner: lobby
)";

class RejectSampleTest : public testing::Test {
 protected:
  RejectSampleTest() {
    GuardOptions options{.mode = GuardMode::kEnforce};
    options.schema = schema::ReadSchema(kSchema, "game.yaml").value();
    options.pii.player_patterns = {"P-[0-9]{6}"};
    guard_ = Guard::Make(std::move(options), clock_, metrics_).value();
  }
  void Judge(const Labels& labels) {
    const std::vector<LabelView> views(labels.begin(), labels.end());
    static_cast<void>(guard_->Judge("t", {.labels = views, .type = {}, .type_before = {}}));
  }
  [[nodiscard]] RejectEntry Newest() const { return guard_->rejects().Of("t").front(); }
  [[nodiscard]] std::vector<std::string> ValuesOfNewest() const {
    std::vector<std::string> values;
    for (const RejectSample& sample : Newest().samples)
      values.push_back(sample.value);
    return values;
  }

  ManualClock clock_{1'000};
  MetricRegistry metrics_;
  std::unique_ptr<Guard> guard_;
};

TEST_F(RejectSampleTest, ShowsOfAValueWhatIsNobodys) {
  struct Case {
    const char* name;
    const char* label;
    std::string value;
    const char* reason;
    const char* shown;
  };
  const Case cases[] = {
      {"a value that is not listed", "region", "mars", "label_value", "mars"},
      {"a value that does not match", "server", "eu-1", "pattern", "eu-1"},
      {"a value that no rule knows, of a label that is", "server", "https://10.0.0.7/", "pii", "[ip]"},
      {"an address is one's own machine's, and is masked all the same", "hostname", "10.0.0.7",
       "unknown_label", "[ip]"},
      {"a name in a label that nobody knows", "nick", "Jane Doe_7", "unknown_label", "aaaa aaa_0"},
      {"a name of other letters", "nick", "Žofie-9", "unknown_label", "aaaaa-0"},
      {"a long one", "region", std::string(100, 'x'), "label_value",
       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
      {"one that is too long to be looked at", "region", std::string(1025, 'x'), "label_value",
       "(1025 bytes)"},
      {"mail", "who", "jane@example.com", "pii", "[email]"},
      {"mail in words", "region", "from jane@example.com to bob@example.com", "pii", "[email]"},
      {"a player by pattern", "region", "P-123456", "pii", "[player_id]"},
      {"a field named so", "player_id", "7", "pii", "[player_id]"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::pair<std::string_view, std::string_view>> labels = {{"__name__", "game_joins_total"}};
    labels.emplace_back("region", "eu");
    labels.emplace_back(c.label, c.value);
    Judge(Labels::FromPairs(labels));
    EXPECT_EQ(Newest().reason, c.reason);
    EXPECT_EQ(Newest().label, c.label);
    ASSERT_FALSE(Newest().samples.empty());
    EXPECT_EQ(Newest().samples.front().value, c.shown);
  }
}

TEST_F(RejectSampleTest, HasTheNamesOfLabelsRedactedAndFew) {
  Judge(Labels({{"__name__", "unknown_total"}, {"region", "eu"}, {"x", "secret"}}));
  EXPECT_THAT(Newest().samples.front().labels, ElementsAre("region", "x"));
  EXPECT_EQ(Newest().samples.front().value, "") << "it is about the metric's name";
  Judge(Labels({{"__name__", "m"}, {"jane@example.com", "secret"}}));
  EXPECT_THAT(Newest().samples.front().labels, ElementsAre("[email]"));
  EXPECT_EQ(Newest().samples.front().value, "") << "it is about the label's name";
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i)
    names.push_back(fmt::format("l{:02}{}", i, std::string(100, 'x')));
  std::vector<std::pair<std::string_view, std::string_view>> many = {{"__name__", "m"}};
  for (const std::string& name : names)
    many.emplace_back(name, "v");
  Judge(Labels::FromPairs(many));
  EXPECT_EQ(Newest().samples.front().labels.size(), kSampleLabels);
  EXPECT_EQ(Newest().samples.front().labels.front().size(), kSampleNameBytes);
}

TEST_F(RejectSampleTest, OfLabelsThatAreNoTextOrTooLongOnlyThat) {
  const std::vector<LabelView> long_value = {{"__name__", "m"}, {"x", "jane@example.com"}};
  static_cast<void>(guard_->NoteMalformed("t", long_value, RejectReason::kTooLong, "x"));
  EXPECT_THAT(ValuesOfNewest(), ElementsAre("(16 bytes)"));
  const std::vector<LabelView> no_text = {{"__name__", "m"}, {"x", "jane\xff"}};
  static_cast<void>(guard_->NoteMalformed("t", no_text, RejectReason::kBadUtf8, "x"));
  EXPECT_THAT(ValuesOfNewest(), ElementsAre("(not UTF-8)"));
  guard_->NoteOverBudget("t", {{"__name__", "game_joins_total"}, {"server", "eu-00001"}}, "server");
  EXPECT_THAT(ValuesOfNewest(), ElementsAre("eu-00001"));
  guard_->NoteOverBudget("t", {{"__name__", "game_joins_total"}, {"player_id", "7"}}, "player_id");
  EXPECT_THAT(ValuesOfNewest(), ElementsAre("[player_id]"));
  guard_->NoteOverBudget("t", {{"__name__", "game_joins_total"}, {"server", "eu-00001"}}, "");
  EXPECT_THAT(ValuesOfNewest(), ElementsAre(""));
}

TEST_F(RejectSampleTest, TheNewestStayAndAFloodCostsNoMore) {
  const auto mars = [&](int n) {
    Judge(Labels({{"__name__", "game_joins_total"}, {"region", fmt::format("mars{}", n)}}));
  };
  for (int n = 0; n < 100; ++n)
    mars(n);
  EXPECT_THAT(ValuesOfNewest(), ElementsAre("mars4", "mars3", "mars2", "mars1", "mars0"));
  EXPECT_EQ(Newest().series, 100U);
  clock_.Advance(std::chrono::seconds(1));
  mars(7);
  mars(8);
  EXPECT_THAT(ValuesOfNewest(), ElementsAre("mars7", "mars4", "mars3", "mars2", "mars1"));
  EXPECT_EQ(Newest().samples.front().time_ms, 2'000);
  clock_.Advance(std::chrono::seconds(1));
  mars(3);
  EXPECT_THAT(ValuesOfNewest(), ElementsAre("mars3", "mars7", "mars4", "mars2", "mars1"))
      << "no two the same";
}

TEST_F(RejectSampleTest, AReasonHasItsOwnRoom) {
  Judge(Labels({{"__name__", "game_joins_total"}, {"region", "mars"}}));
  for (int n = 0; n < 50; ++n) {
    clock_.Advance(std::chrono::seconds(1));
    Judge(Labels({{"__name__", fmt::format("unknown_{}", n)}, {"region", "eu"}}));
  }
  std::size_t unknown = 0;
  for (const RejectEntry& entry : guard_->rejects().Of("t")) {
    if (entry.reason == "label_value") {
      EXPECT_EQ(entry.samples.size(), 1U);
    } else {
      unknown += entry.samples.size();
    }
  }
  EXPECT_EQ(unknown, RejectRing::kReasonSamples);
  EXPECT_EQ(Newest().samples.size(), 1U) << "the newest has its";
}

// G3: whatever refuses a series, nothing that is private in it is in what is shown.
TEST_F(RejectSampleTest, NothingPrivateIsInASample) {
  const std::string secrets[] = {"jane.doe@example.com",
                                 "203.0.113.77",
                                 "4111111111111111",
                                 "GB82WEST12345698765432",
                                 "76561198012345678",
                                 "123e4567-e89b-12d3-a456-426614174000",
                                 "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
                                 "+15550109999",
                                 "P-123456"};
  std::string shown;
  for (const std::string& secret : secrets) {
    const std::string inside = fmt::format("a {} b", secret);
    const std::vector<std::vector<LabelView>> all = {
        {{"__name__", "game_joins_total"}, {"region", secret}},
        {{"__name__", "game_joins_total"}, {"region", inside}},
        {{"__name__", "game_joins_total"}, {"instance", secret}, {"region", "mars"}},
        {{"__name__", "game_joins_total"}, {"nick", inside}, {"region", "eu"}},
        {{"__name__", inside}},
        {{"__name__", "m"}, {inside, inside}},
    };
    for (const auto& labels : all) {
      static_cast<void>(guard_->Judge("t", {.labels = labels, .type = {}, .type_before = {}}));
      // Rules that look at it before private data is looked for.
      for (const RejectReason reason : {RejectReason::kTooLong, RejectReason::kBadUtf8})
        static_cast<void>(guard_->NoteMalformed("t", labels, reason, labels.back().name));
      guard_->NoteOverBudget("t", labels, labels.back().name);
      clock_.Advance(std::chrono::seconds(1));
      for (const RejectEntry& entry : guard_->rejects().Of("t")) {
        shown += entry.metric + "\n" + entry.label + "\n";
        for (const RejectSample& sample : entry.samples) {
          shown += sample.value + "\n";
          for (const std::string& label : sample.labels)
            shown += label + "\n";
        }
      }
    }
  }
  EXPECT_THAT(shown, HasSubstr("[email]"));
  for (const std::string& secret : secrets)
    EXPECT_THAT(shown, Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace tickscope::guard
