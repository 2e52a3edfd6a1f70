// SelectionCache: what is kept is found under its own key only, goes with what it is about, and never takes more than its bound.
#include "scan/selection_cache.h"

#include <gtest/gtest.h>

#include "scan/kept_scan.h"

namespace tickscope::scan {
namespace {

using Numbers = std::vector<int>;

std::shared_ptr<const Numbers> Find(SelectionCache& cache, const SelectionKey& key) {
  return cache.Find<Numbers>(key);
}

TEST(SelectionCache, FindsWhatWasKeptUnderTheSameKeyOnly) {
  MetricRegistry metrics;
  SelectionCache cache(metrics, 10'000);
  const auto owner = std::make_shared<const int>(1);
  const auto other = std::make_shared<const int>(1);
  const auto key_of = [](const std::shared_ptr<const int>& of, std::vector<Matcher> matchers) {
    SelectionKey key('t');
    key.AddOwner(of);
    key.AddMatchers(matchers);
    return key;
  };
  const SelectionKey key = key_of(owner, {Matcher::Equal("a", "bc")});
  EXPECT_EQ(Find(cache, key), nullptr);
  cache.Keep(key, std::make_shared<const Numbers>(3, 7), 12);
  ASSERT_NE(Find(cache, key), nullptr);
  EXPECT_EQ(*Find(cache, key), Numbers(3, 7));
  EXPECT_EQ(Find(cache, key_of(other, {Matcher::Equal("a", "bc")})), nullptr);
  EXPECT_EQ(Find(cache, key_of(owner, {Matcher::Equal("ab", "c")})), nullptr);
  EXPECT_EQ(Find(cache, key_of(owner, {Matcher::Equal("a", "b"), Matcher::Equal("c", "")})), nullptr);
  EXPECT_EQ(Find(cache, key_of(owner, {})), nullptr);
  // Kept again under the same key, the later counts.
  cache.Keep(key, std::make_shared<const Numbers>(2, 1), 8);
  EXPECT_EQ(*Find(cache, key), Numbers(2, 1));
}

TEST(SelectionCache, LetsGoOfWhatItsOwnersLeave) {
  MetricRegistry metrics;
  SelectionCache cache(metrics, 10'000);
  auto owner = std::make_shared<const int>(1);
  SelectionKey key('t');
  key.AddOwner(owner);
  auto kept = std::make_shared<const Numbers>(3, 7);
  const std::weak_ptr<const Numbers> watched = kept;
  cache.Keep(key, std::move(kept), 12);
  EXPECT_FALSE(watched.expired());
  owner.reset();
  // Whoever is at the address now finds nothing.
  EXPECT_EQ(Find(cache, key), nullptr);
  EXPECT_TRUE(watched.expired());
}

TEST(SelectionCache, SaysWhatItTakes) {
  MetricRegistry metrics;
  SelectionCache cache(metrics, 10'000);
  SelectionKey key('t');
  for (const std::uint64_t bytes : {0U, 1'000U, 2'000U, 2'200U, 2'300U, 2'500U, 10'000U}) {
    cache.Keep(key, std::make_shared<const Numbers>(1, static_cast<int>(bytes)), bytes);
    const auto kept = Find(cache, key);
    EXPECT_EQ(cache.Takes(key, bytes), kept != nullptr && kept->front() == static_cast<int>(bytes)) << bytes;
  }
  EXPECT_TRUE(cache.Takes(key, 1'000));
  EXPECT_FALSE(cache.Takes(key, 2'500));
}

TEST(SelectionCache, IsBounded) {
  MetricRegistry metrics;
  SelectionCache cache(metrics, 10'000);
  const auto key_of = [](std::uint64_t number) {
    SelectionKey key('t');
    key.AddNumber(number);
    return key;
  };
  cache.Keep(key_of(0), std::make_shared<const Numbers>(), 9'000);
  EXPECT_EQ(Find(cache, key_of(0)), nullptr);  // Over a quarter of all.
  for (std::uint64_t number = 1; number <= 10; ++number) {
    cache.Keep(key_of(number), std::make_shared<const Numbers>(1, static_cast<int>(number)), 1'500);
    EXPECT_NE(Find(cache, key_of(1)), nullptr) << number;  // Asked for each time, so that others go.
  }
  std::size_t kept = 0;
  for (std::uint64_t number = 1; number <= 10; ++number)
    kept += Find(cache, key_of(number)) == nullptr ? 0 : 1;
  EXPECT_EQ(kept, 5U);
  EXPECT_NE(Find(cache, key_of(10)), nullptr);
  SelectionCache none(metrics, 0);
  none.Keep(key_of(1), std::make_shared<const Numbers>(), 1);
  EXPECT_EQ(Find(none, key_of(1)), nullptr);
}

// Two series with labels a and b.
class TwoSeries final : public KeptScan {
 public:
  explicit TwoSeries(SelectionCache* cache) : cache_(cache) {}
  [[nodiscard]] std::uint32_t series_count() const override { return 2; }
  [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t series) const override {
    ++asked_;
    return pairs_[series];
  }
  [[nodiscard]] std::uint32_t pair_count() const override { return 3; }
  [[nodiscard]] LabelView PairText(std::uint32_t pair) const override {
    return pair == 0 ? LabelView{"a", "1"} : LabelView{"b", pair == 1 ? "1" : "2"};
  }
  [[nodiscard]] std::uint64_t EstimateSamples() const override { return 0; }
  [[nodiscard]] std::unique_ptr<ColumnReader> NewReader() const override { return nullptr; }
  [[nodiscard]] std::shared_ptr<const void> selection() const override { return selection_; }
  [[nodiscard]] SelectionCache* cache() const override { return cache_; }
  mutable int asked_ = 0;

 private:
  const std::vector<std::uint32_t> pairs_[2] = {{0, 1}, {0, 2}};
  SelectionCache* const cache_;
  std::shared_ptr<const int> selection_ = std::make_shared<const int>(0);
};

TEST(SeriesGroups, AreKeptBySelectionAndLabels) {
  MetricRegistry metrics;
  SelectionCache cache(metrics, 10'000);
  for (SelectionCache* const kept_in : {&cache, static_cast<SelectionCache*>(nullptr)}) {
    const TwoSeries scan(kept_in);
    EXPECT_EQ(GroupsOf(scan, {{"a"}, false})->count(), 1U);
    EXPECT_EQ(GroupsOf(scan, {{"b"}, false})->count(), 2U);
    EXPECT_EQ(GroupsOf(scan, {{"b"}, true})->count(), 1U);
    EXPECT_EQ(GroupsOf(scan, {{"a"}, true})->count(), 2U);
    EXPECT_EQ(GroupsOf(scan, {{}, false})->count(), 1U);
    const auto groups = GroupsOf(scan, {{"a", "b"}, false});
    ASSERT_EQ(groups->count(), 2U);
    EXPECT_NE(groups->Of(0), groups->Of(1));
    EXPECT_EQ(groups->PairsOf(groups->Of(1)).size(), 2U);
    const int asked = scan.asked_;
    EXPECT_EQ(GroupsOf(scan, {{"a", "b"}, false}) == groups, kept_in != nullptr);
    EXPECT_EQ(scan.asked_ == asked, kept_in != nullptr);
  }
}

}  // namespace
}  // namespace tickscope::scan
