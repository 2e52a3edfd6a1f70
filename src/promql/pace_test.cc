// Every loop over rows and cells looks whether its query is to end: on a clock that counts how often it is asked, each kind of
// expression looks as often as its rows and cells are many, and ends at whichever look it is told.
#include <gtest/gtest.h>

#include <set>

#include "promql/engine.h"
#include "promql/paced_sort.h"

namespace tickscope::promql {
namespace {

constexpr std::size_t kSeries = 4'000;
constexpr std::size_t kSteps = 64;
constexpr std::int64_t kStepMs = 60'000;
constexpr TimeMs kEndMs = static_cast<TimeMs>(kSteps - 1) * kStepMs;

// Goes on by a nanosecond each time it is asked.
class CountingClock final : public Clock {
 public:
  [[nodiscard]] TimeMs NowMs() const override { return 0; }
  [[nodiscard]] std::chrono::nanoseconds Monotonic() const override {
    return std::chrono::nanoseconds(++asked_);
  }
  [[nodiscard]] std::int64_t asked() const { return asked_; }

 private:
  mutable std::int64_t asked_ = 0;
};

// c_total{i="0"} and so on, a sample a step; buckets of a histogram each at the same.
class ManySeries final : public Queryable {
 public:
  ManySeries() {
    for (std::size_t i = 0; i < kSeries; ++i) {
      const std::string number = std::to_string(1'000'000 + i);
      labels_.push_back(Labels{{kMetricName, "c"}, {"i", number}, {"le", number}});
    }
  }
  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest&,
                                                          const QueryContext&) const override {
    return std::make_unique<All>(labels_);
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest&,
                                                            const QueryContext&) const override {
    return std::vector<std::string>();
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                                             const QueryContext&) const override {
    return std::vector<std::string>();
  }

 private:
  class All final : public SeriesSet {
   public:
    explicit All(const std::vector<Labels>& labels) : labels_(labels) {}
    bool Next() override { return ++at_ <= kSeries; }
    [[nodiscard]] const Labels& labels() const override { return labels_[at_ - 1]; }
    Status ReadSamples(SampleColumns& out) override {
      out.Clear();
      for (std::size_t step = 0; step < kSteps; ++step) {
        out.times_ms.push_back(static_cast<TimeMs>(step) * kStepMs);
        out.values.push_back(static_cast<double>(at_ % 100));
      }
      return {};
    }

   private:
    const std::vector<Labels>& labels_;
    std::size_t at_ = 0;
  };

  std::vector<Labels> labels_;
};

struct Evaluated {
  Result<QueryResult> result;
  std::int64_t looks = 0;
};

// A range query over all steps, or an instant one at the last, that ends at look number `looks_max`.
Evaluated Run(std::string_view query, std::int64_t step_ms, std::int64_t looks_max) {
  static const ManySeries storage;
  const CountingClock clock;
  const QueryContext context(clock, std::chrono::nanoseconds(looks_max));
  EngineOptions options;
  options.experimental_functions = true;
  const Engine engine(options);
  const TenantId tenant(kDefaultTenant);
  auto result = step_ms == 0 ? engine.Instant(storage, tenant, query, kEndMs, context)
                             : engine.Range(storage, tenant, query, 0, kEndMs, step_ms, context);
  return {std::move(result), clock.asked()};
}

constexpr std::int64_t kForEver = std::int64_t{1} << 60;
// Reading looks at each series. What is made of them looks once in so much work, of which a cell is one and labels are 64.
constexpr auto kReading = static_cast<std::int64_t>(kSeries);
constexpr std::size_t kWork = std::size_t{1} << 15;
constexpr auto kLooksOfRange = static_cast<std::int64_t>(kSeries * kSteps / kWork);

void ExpectLooks(std::string_view query, std::int64_t step_ms, std::int64_t looks_min) {
  SCOPED_TRACE(query);
  const Evaluated whole = Run(query, step_ms, kForEver);
  ASSERT_TRUE(whole.result) << whole.result.error().message;
  EXPECT_GE(whole.looks, kReading + looks_min);
  // Ends at any of them, the first and the last among them.
  std::set<std::int64_t> ends = {1, whole.looks - 1};
  for (std::int64_t look = kReading; look < whole.looks; look += 1 + (whole.looks - kReading) / 3)
    ends.insert(look);
  for (const std::int64_t end : ends) {
    const Evaluated cut = Run(query, step_ms, end);
    ASSERT_FALSE(cut.result) << "at look " << end << " of " << whole.looks;
    EXPECT_EQ(cut.result.error().code, ErrorCode::kDeadlineExceeded);
    EXPECT_LE(cut.looks, end + 2) << "went on after look " << end;
  }
}

TEST(Pace, EveryRangeEvaluationLooks) {
  for (const char* const query : {"absent(c)", "scalar(c)", "sum(c + 1)", "min(c + 1)", "stddev(c + 1)",
                                  "group(c + 1)", "quantile(0.5, c)", R"(count_values("v", c))", "topk(3, c)",
                                  "limitk(3, c)", "c unless on () vector(1)"})
    ExpectLooks(query, kStepMs, kLooksOfRange);
}

TEST(Pace, SoDoesWhatMakesTheAnswerOfIt) {
  // Labels and cells of an answer with all the series.
  constexpr auto kLooksOfAnswer = static_cast<std::int64_t>(kSeries * (64 + kSteps) / kWork);
  ExpectLooks("c", kStepMs, kLooksOfAnswer);
  for (const char* const query :
       {"-c", "c + 1", "2 < bool c", "abs(c)", "clamp(c, 1, 2)", "timestamp(c + 1)", "c @ 60", "sort(c)",
        R"q(label_replace(c, "x", "$1", "i", "(.*)"))q", R"(label_join(c, "x", "-", "i", "le"))",
        "count by (i) (c + 1)", "limit_ratio(1, c)", "c and c", "c or c", "c * on (i) c",
        "c * on () group_left () vector(2)"})
    ExpectLooks(query, kStepMs, kLooksOfAnswer + kLooksOfRange);
}

TEST(Pace, EveryInstantEvaluationLooks) {
  for (const char* const query :
       {"sort(c)", "sort_desc(c)", R"(sort_by_label(c, "i"))",
        R"q(label_replace(c, "x", "$1", "i", "(.*)"))q", "histogram_quantile(0.9, c)",
        R"(count_values("v", c))", "c * on (i) c", "c or c", "count by (i) (c + 1)"})
    ExpectLooks(query, 0, 1);
}

TEST(Pace, SortsAsTheLibraryDoes) {
  const ManySeries storage;
  const TenantId tenant(kDefaultTenant);
  const EngineOptions options;
  const QueryContext context;
  SampleBudget budget(1 << 20, 1 << 20);
  Annotations annotations("");
  QueryStats stats;
  const QueryRun run{storage, tenant, options, context, "", 0, 0, 0, budget, annotations, stats, nullptr};
  for (const std::size_t count : {0U, 1U, 4'095U, 4'096U, 4'097U, 8'192U, 8'193U, 50'000U}) {
    std::vector<std::pair<int, std::size_t>> elements;
    for (std::size_t i = 0; i < count; ++i)
      elements.emplace_back(static_cast<int>(i * 7'919 % 257), i);
    auto want = elements;
    const auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::stable_sort(want.begin(), want.end(), less);
    ASSERT_TRUE(SortPaced(run, elements, less));
    EXPECT_EQ(elements, want) << count;
  }
}

}  // namespace
}  // namespace tickscope::promql
