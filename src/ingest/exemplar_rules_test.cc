// Exemplar labels: what is taken comes out sorted, and 128 characters is the last length that is.
#include "ingest/exemplar_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace tickscope::ingest {
namespace {

Result<Labels> Make(std::vector<LabelView> labels) {
  return MakeExemplarLabels(labels);
}

TEST(ExemplarRules, SortsAndDropsEmptyValues) {
  const auto made = Make({{"trace_id", "abc"}, {"none", ""}, {"span_id", "1"}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, (Labels{{"span_id", "1"}, {"trace_id", "abc"}}));
  EXPECT_TRUE(Make({})->empty());
}

TEST(ExemplarRules, CountsCharactersNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 120; ++i)
    umlauts += "ü";
  EXPECT_TRUE(Make({{"trace_id", umlauts}}));
  const std::string fits(120, 'x');
  EXPECT_TRUE(Make({{"trace_id", fits}}));
  const std::string too_long(121, 'x');
  const auto refused = Make({{"trace_id", too_long}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "exemplar labels are too long: got 129 characters, want at most 128");
}

TEST(ExemplarRules, RefusesWhatIsNoLabelSet) {
  EXPECT_FALSE(Make({{"", "x"}}));
  EXPECT_FALSE(Make({{"a", "1"}, {"a", "2"}}));
  EXPECT_FALSE(Make({{"a\xff", "1"}}));
  EXPECT_FALSE(Make({{"a", "\xc3"}}));
}

}  // namespace
}  // namespace tickscope::ingest
