// What matches nothing is remembered until the state of labels changes, within its bytes, and never told of what matches.
#include "queryfront/negative_cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tickscope::queryfront {
namespace {

class OneMetric final : public Queryable, public LabelStateSource {
 public:
  Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                            const QueryContext&) const override {
    ++selects_;
    return std::make_unique<Set>(request.matchers.front().value() == metric_);
  }
  Result<std::vector<std::string>> LabelNames(const SelectRequest&, const QueryContext&) const override {
    return std::vector<std::string>{"__name__"};
  }
  Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                               const QueryContext&) const override {
    return std::vector<std::string>{std::string(metric_)};
  }
  std::optional<std::string> LabelState(const TenantId&, TimeMs, TimeMs) const override {
    return is_state_known_ ? std::optional(std::to_string(state_)) : std::nullopt;
  }

  std::string_view metric_ = "up";
  int state_ = 1;
  bool is_state_known_ = true;
  mutable int selects_ = 0;

 private:
  class Set final : public SeriesSet {
   public:
    explicit Set(bool has_one) : left_(has_one ? 1 : 0) {}
    bool Next() override { return left_-- > 0; }
    const Labels& labels() const override { return labels_; }
    Status ReadSamples(SampleColumns& out) override {
      out.Clear();
      out.times_ms = {1};
      out.values = {2};
      return {};
    }

   private:
    int left_;
    const Labels labels_{{"__name__", "up"}};
  };
};

class NegativeCacheTest : public testing::Test {
 protected:
  std::size_t Count(const char* metric, TimeMs end_ms = 10, const char* tenant = "default") {
    auto series = cache_.Select({tenant, 0, end_ms, {Matcher::Equal("__name__", metric)}}, context_);
    EXPECT_TRUE(series.has_value());
    std::size_t count = 0;
    while ((*series)->Next())
      ++count;
    return count;
  }
  std::uint64_t Requests(const char* outcome) {
    return metrics_.AddCounter("tickscope_query_cache_negative_requests_total", "", {{"outcome", outcome}})
        ->value();
  }

  MetricRegistry metrics_;
  OneMetric storage_;
  NegativeCache cache_{storage_, storage_, metrics_, 4096};
  QueryContext context_;
};

TEST_F(NegativeCacheTest, RemembersWhatMatchesNothing) {
  EXPECT_EQ(Count("none"), 0U);
  EXPECT_EQ(Count("none"), 0U);
  EXPECT_EQ(Count("none", 20), 0U);  // Another range of the same state.
  EXPECT_EQ(storage_.selects_, 1);
  EXPECT_EQ(Requests("hit"), 2U);
  EXPECT_EQ(Requests("miss"), 1U);
  EXPECT_EQ(Count("none", 10, "other"), 0U);
  EXPECT_EQ(storage_.selects_, 2);
}

TEST_F(NegativeCacheTest, PassesOnWhatMatches) {
  EXPECT_EQ(Count("up"), 1U);
  EXPECT_EQ(Count("up"), 1U);
  EXPECT_EQ(storage_.selects_, 2);
}

TEST_F(NegativeCacheTest, LooksAgainWhenASeriesAppears) {
  EXPECT_EQ(Count("down"), 0U);
  storage_.metric_ = "down";
  storage_.state_ = 2;
  EXPECT_EQ(Count("down"), 1U);
}

TEST_F(NegativeCacheTest, KeepsNothingWhereTheStateIsNotKnown) {
  storage_.is_state_known_ = false;
  EXPECT_EQ(Count("none"), 0U);
  storage_.metric_ = "none";
  EXPECT_EQ(Count("none"), 1U);
  EXPECT_EQ(Requests("bypass"), 2U);
}

TEST_F(NegativeCacheTest, StaysWithinItsBytes) {
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(Count(fmt::format("none{}", i).c_str()), 0U);
  EXPECT_LE(metrics_.AddGauge("tickscope_query_cache_negative_bytes", "", {})->value(), 4096);
  // The last is kept, the first is not.
  const int before = storage_.selects_;
  EXPECT_EQ(Count("none199"), 0U);
  EXPECT_EQ(storage_.selects_, before);
  EXPECT_EQ(Count("none0"), 0U);
  EXPECT_EQ(storage_.selects_, before + 1);
}

}  // namespace
}  // namespace tickscope::queryfront
