// The label index against matchers applied one by one.
#include "tsdb/series_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

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

TEST(SeriesIndex, CountsWhatItHolds) {
  SeededRandom random(9);
  SeriesIndex index;
  std::map<std::string, std::map<std::string, std::uint64_t>> counts;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const std::vector<std::pair<std::string, std::string>> pairs = {
        {"__name__", fmt::format("m{}", random.Below(random.Below(40) + 1))},
        {"host", fmt::format("h{}", i)},
        {"zone", std::string(1 + random.Below(7), 'z')}};
    std::vector<LabelView> labels;
    for (const auto& [name, value] : pairs) {
      labels.push_back({name, value});
      ++counts[name][value];
    }
    index.Add(static_cast<SeriesRef>(i), labels);
  }
  const auto plain_top = [&](const std::string& name, std::size_t limit) {
    std::vector<std::uint64_t> top;
    for (const auto& [value, count] : counts[name])
      top.push_back(count);
    std::ranges::sort(top, std::greater{});
    top.resize(std::min(limit, top.size()));
    return top;
  };
  for (const std::size_t limit : {1, 5, 100}) {
    for (const std::string name : {"__name__", "host", "zone"}) {
      std::vector<std::uint64_t> got;
      for (const NamedCount& value : index.TopValues(name, limit)) {
        EXPECT_EQ(value.count, counts[name][value.name]);
        got.push_back(value.count);
      }
      EXPECT_EQ(got, plain_top(name, limit));
      EXPECT_EQ(index.value_count(name), counts[name].size());
      EXPECT_EQ(index.series_with(name), 3000U);
    }
  }
  EXPECT_EQ(index.TopLabelNames(1).at(0).name, "host");
  EXPECT_EQ(index.TopPairs(1).at(0).count, std::max(plain_top("zone", 1)[0], plain_top("__name__", 1)[0]));
  EXPECT_NEAR(index.sketch().Estimate(), 3000, 200);
  const Postings some = index.Select({Matcher::Equal("zone", "z")});
  EXPECT_EQ(index.TopValues("zone", some, 10).at(0).count, counts["zone"]["z"]);
  EXPECT_EQ(index.TopValues("zone", some, 10).size(), 1U);
}

TEST(SeriesIndex, PassesOverValuesThatLackALiteral) {
  SeriesIndex index;
  std::vector<std::string> values;
  for (std::uint32_t i = 0; i < 5000; ++i)
    values.push_back(fmt::format("eu-{}-{}", i % 50 == 7 ? "Gateway" : "server", i));
  for (std::uint32_t i = 0; i < values.size(); ++i)
    index.Add(static_cast<SeriesRef>(i), std::vector<LabelView>{{"host", values[i]}});
  for (const char* const pattern :
       {".*Gateway.*", "(?i).*gateway-[0-9]*7$", "eu-(Gateway|Proxy)-.*", ".*way-1.*"}) {
    for (const MatchType type : {MatchType::kRegex, MatchType::kNotRegex}) {
      const Matcher matcher = Matcher::Make(type, "host", pattern).value();
      ASSERT_TRUE(matcher.needs_trigrams()) << pattern;
      std::uint64_t want = 0;
      for (const std::string& value : values)
        want += matcher.Matches(value) ? 1 : 0;
      EXPECT_EQ(index.Select({matcher}).size(), want) << matcher.ToString();
    }
  }
}

}  // namespace
}  // namespace tickscope::tsdb
