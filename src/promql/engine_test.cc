// The engine from text to value: result types, name removal at once and at the end, errors users know, limits and
// cancelling. What single functions and operators compute is held down by the script tests (promqltest).
#include "promql/engine.h"

#include <gtest/gtest.h>

#include <map>

namespace tickscope::promql {
namespace {

// Float series, a sample a minute from time zero.
class MemorySeries final : public Queryable {
 public:
  void Add(Labels labels, const std::vector<double>& values) {
    SampleColumns& columns = series_[std::move(labels)];
    for (const double v : values) {
      columns.times_ms.push_back(static_cast<TimeMs>(columns.size()) * 60'000);
      columns.values.push_back(v);
    }
  }

  Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                            const QueryContext&) const override {
    return std::make_unique<Matching>(series_, request);
  }
  Result<std::vector<std::string>> LabelNames(const SelectRequest&, const QueryContext&) const override {
    return std::vector<std::string>{};
  }
  Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                               const QueryContext&) const override {
    return std::vector<std::string>{};
  }

 private:
  using Map = std::map<Labels, SampleColumns>;

  class Matching final : public SeriesSet {
   public:
    Matching(const Map& series, const SelectRequest& request)
        : at_(series.begin()), end_(series.end()), request_(request) {}
    bool Next() override {
      if (started_) ++at_;
      started_ = true;
      while (at_ != end_ && !MatchesAll(request_.matchers, at_->first))
        ++at_;
      return at_ != end_;
    }
    const Labels& labels() const override { return at_->first; }
    Status ReadSamples(SampleColumns& out) override {
      out.Clear();
      for (std::size_t i = 0; i < at_->second.size(); ++i) {
        const TimeMs t = at_->second.times_ms[i];
        if (t < request_.start_ms || t > request_.end_ms) continue;
        out.times_ms.push_back(t);
        out.values.push_back(at_->second.values[i]);
      }
      return {};
    }

   private:
    Map::const_iterator at_;
    Map::const_iterator end_;
    SelectRequest request_;
    bool started_ = false;
  };

  Map series_;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    storage_.Add(Labels{{kMetricName, "a_total"}, {"job", "x"}}, {0, 60, 120, 180});
    storage_.Add(Labels{{kMetricName, "a_total"}, {"job", "y"}}, {0, 6, 12, 18});
    storage_.Add(Labels{{kMetricName, "b_total"}, {"job", "x"}}, {5, 5, 5, 5});
  }

  Result<QueryResult> Instant(std::string_view query) const {
    return Engine(options_).Instant(storage_, TenantId(kDefaultTenant), query, 180'000, context_);
  }
  Result<QueryResult> Range(std::string_view query) const {
    return Engine(options_).Range(storage_, TenantId(kDefaultTenant), query, 0, 180'000, 60'000, context_);
  }

  MemorySeries storage_;
  EngineOptions options_;
  QueryContext context_;
};

TEST_F(EngineTest, ResultTypes) {
  EXPECT_EQ(std::get<Scalar>(Instant("1 + 2")->value).value, 3);
  EXPECT_EQ(std::get<String>(Instant("\"text\"")->value).value, "text");
  EXPECT_EQ(std::get<Vector>(Instant("a_total")->value).size(), 2U);
  const auto matrix = std::get<Matrix>(Instant("a_total[2m]")->value);
  ASSERT_EQ(matrix.size(), 2U);
  EXPECT_EQ(matrix[0].points.size(), 2U);  // Open on the left.
  EXPECT_EQ(std::get<Matrix>(Range("time()")->value)[0].points[2].value, 120);
  EXPECT_EQ(Range("\"text\"").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Range("a_total[2m]").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(EngineTest, ElementsCarryTheQueryTime) {
  const auto vector = std::get<Vector>(Instant("b_total offset 1m")->value);
  ASSERT_EQ(vector.size(), 1U);
  EXPECT_EQ(vector[0].point.time_ms, 180'000);
  EXPECT_EQ(vector[0].labels, (Labels{{kMetricName, "b_total"}, {"job", "x"}}));
}

TEST_F(EngineTest, AnnotationsCarryPositions) {
  const auto result = Instant("sum(rate(b_total[3m])) + quantile(2, a_total)");
  ASSERT_TRUE(result);
  EXPECT_EQ(
      result->warnings,
      (std::vector<std::string>{"PromQL warning: quantile value should be between 0 and 1, got 2 (1:35)"}));
  EXPECT_TRUE(result->infos.empty());
  EXPECT_EQ(Instant("rate({__name__=\"x\"}[1m]) or rate({job=\"x\"}[3m])").error().message,
            "vector cannot contain metrics with the same labelset");
}

TEST_F(EngineTest, NamesGoAtOnceOrAtTheEnd) {
  const char* const kSavesName = "label_replace(rate(b_total[3m]), \"was\", \"$1\", \"__name__\", \"(.*)\")";
  EXPECT_EQ(std::get<Vector>(Instant(kSavesName)->value)[0].labels, (Labels{{"job", "x"}}));
  options_.delayed_name_removal = true;
  EXPECT_EQ(std::get<Vector>(Instant(kSavesName)->value)[0].labels,
            (Labels{{"job", "x"}, {"was", "b_total"}}));
}

TEST_F(EngineTest, FailsOnTheData) {
  struct Case {
    const char* query;
    const char* message;
  };
  const Case cases[] = {
      {"b_total + on() a_total",
       "found duplicate series for the match group {} on the right hand-side of the operation: "
       "[{__name__=\"a_total\", job=\"x\"}, {__name__=\"a_total\", job=\"y\"}];many-to-many matching not "
       "allowed: "
       "matching labels must be unique on one side"},
      {"a_total + on() b_total",
       "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"},
      {"topk(NaN, a_total)", "Parameter value is NaN"},
      {"-{job=\"x\"}", "vector cannot contain metrics with the same labelset"},
      {"label_replace(a_total, \"job\", \"z\", \"\", \"\")",
       "vector cannot contain metrics with the same labelset"},
      {"label_replace(a_total, \"job\", \"z\", \"\", \"(\")",
       "invalid regular expression in label_replace(): ("},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.query);
    const auto result = Instant(c.query);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kFailedPrecondition);
    EXPECT_EQ(result.error().message, c.message);
  }
}

TEST_F(EngineTest, StopsAtTheSampleLimit) {
  options_.samples_max = 7;
  const auto result = Range("a_total");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(result.error().message,
            "query processing would load too many samples into memory in query execution");
  options_.samples_max = 8;
  EXPECT_TRUE(Range("a_total"));
  EXPECT_FALSE(Instant("count_over_time(vector(1)[1y:1ms])"));  // Refused before it is computed.
}

TEST_F(EngineTest, MemoryIsBounded) {
  struct Case {
    const char* name;
    const char* query;
    std::uint64_t enough;  // With 64 KiB less it is refused.
  };
  // 3,600 steps: 9 bytes a cell, 32 a point of the result, 32 a sample read.
  const Case cases[] = {
      {"a result", "vector(1)", 256 << 10},
      {"intermediates add up", "vector(1) + (vector(1) + vector(1))", 384 << 10},
      {"what a subquery evaluates", "count_over_time(vector(1)[1h:100ms])", 8 << 20},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    options_.memory_bytes_max = c.enough;
    EXPECT_TRUE(Engine(options_).Range(storage_, TenantId(kDefaultTenant), c.query, 0, 3'599'000, 1000, {}));
    options_.memory_bytes_max = 32 << 10;
    const auto refused =
        Engine(options_).Range(storage_, TenantId(kDefaultTenant), c.query, 0, 3'599'000, 1000, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
    EXPECT_TRUE(refused.error().message.contains("memory_max=32768")) << refused.error().message;
  }
}

TEST_F(EngineTest, StopsWhenCancelled) {
  context_.Cancel();
  EXPECT_EQ(Instant("a_total").error().code, ErrorCode::kCancelled);
}

TEST_F(EngineTest, CountsWhatItRead) {
  const auto result = Range("sum(a_total)");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->stats.series_read, 2U);
  EXPECT_EQ(result->stats.samples_read, 8U);
  EXPECT_GE(result->stats.samples_peak, 8U);
}

}  // namespace
}  // namespace tickscope::promql
