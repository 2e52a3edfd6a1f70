// The label index against matchers applied one by one.
#include "tsdb/series_index.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tickscope::tsdb {
namespace {

TEST(SeriesIndex, SelectsWhatTheMatchersAccept) {
  SeededRandom random(4);
  SeriesIndex index;
  std::vector<Labels> all;
  const std::vector<std::string> values = {"a",    "ab",   "abc",       "b",    "eu-1", "eu-2",
                                           "na-1", "x\ny", "\xc3\xa9t", "EU-1", "zz"};
  for (std::uint32_t i = 0; i < 400; ++i) {
    std::vector<std::pair<std::string_view, std::string_view>> pairs = {{"__name__", i % 2 == 0 ? "m" : "n"}};
    if (random.Below(4) > 0) pairs.emplace_back("zone", values[random.Below(values.size())]);
    if (random.Below(3) > 0) pairs.emplace_back("host", values[random.Below(values.size())]);
    all.push_back(Labels::FromPairs(pairs));
    index.Add(static_cast<SeriesRef>(i), std::vector<LabelView>(all.back().begin(), all.back().end()));
  }
  const std::vector<std::string> patterns = {"a.*",       "ab?c?",  "eu-.", "(?i)eu-1", "[a-c]+", ".*1",
                                             "x.y",       "",       ".*",   ".+",       "eu|na",  "eu-1|zz",
                                             "(eu|na)-1", "é.",     "\xff", "a{1,2}b",  "z{2}",   "a(b(c)?)?",
                                             "^a$",       "(^a|b)", "a|"};
  for (const std::string& pattern : patterns) {
    for (const MatchType type :
         {MatchType::kRegex, MatchType::kNotRegex, MatchType::kEqual, MatchType::kNotEqual}) {
      const auto matcher = Matcher::Make(type, "zone", pattern);
      if (!matcher) continue;
      for (const bool with_name : {false, true}) {
        std::vector<Matcher> matchers = {*matcher};
        if (with_name) matchers.push_back(Matcher::Equal("__name__", "m"));
        std::vector<SeriesRef> want;
        for (std::uint32_t i = 0; i < all.size(); ++i) {
          if (MatchesAll(matchers, all[i])) want.push_back(static_cast<SeriesRef>(i));
        }
        EXPECT_EQ(index.Select(matchers).ToRefs(), want) << matcher->ToString();
      }
    }
  }
}

}  // namespace
}  // namespace tickscope::tsdb
