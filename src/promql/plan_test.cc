// Plans: what each node says it will do is what it does, and what is shared is evaluated once without anybody being able to tell:
// values, notes and their places are those of a query evaluated part by part.
#include "promql/plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/random.h"
#include "model/sample.h"
#include "promql/engine.h"
#include "promql/equal_parts.h"
#include "promql/parser.h"
#include "promql/plan_text.h"

namespace tickscope::promql {
namespace {

constexpr TimeMs kStart = 1'700'000'400'000;
constexpr std::int64_t kMinute = 60'000;

// Series by label; counts how often it is read.
class Storage final : public Queryable, public ReadPlanner, public CostSource {
 public:
  Storage() {
    SeededRandom random(5);
    for (const char* name : {"a_total", "b_total", "g", "odd"}) {
      for (int server = 0; server < 3; ++server) {
        SampleColumns& to =
            series_[Labels::FromPairs({{"__name__", name}, {"server", std::to_string(server)}})];
        double v = 0;
        for (TimeMs time_ms = kStart - 20 * kMinute; time_ms <= kStart + 60 * kMinute; time_ms += 15'000) {
          v += static_cast<double>(random.Below(9));
          if (random.Below(50) == 0) v = 0;
          to.times_ms.push_back(time_ms);
          to.values.push_back(random.Below(90) == 0 ? StaleNan() : v);
        }
      }
    }
    for (const char* le : {"1", "2", "+Inf"}) {
      SampleColumns& to = series_[Labels::FromPairs({{"__name__", "h_bucket"}, {"le", le}})];
      for (TimeMs time_ms = kStart - 20 * kMinute; time_ms <= kStart + 60 * kMinute; time_ms += 15'000) {
        to.times_ms.push_back(time_ms);
        // Not cumulative, so that a quantile has something to tell.
        to.values.push_back(static_cast<double>(random.Below(100)));
      }
    }
  }

  Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                            const QueryContext&) const override {
    ++reads_;
    return std::make_unique<Set>(series_, request);
  }
  Result<std::vector<std::string>> LabelNames(const SelectRequest&, const QueryContext&) const override {
    return std::vector<std::string>{};
  }
  Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                               const QueryContext&) const override {
    return std::vector<std::string>{};
  }
  ReadPlan PlanRead(const SelectRequest& request) const override {
    return {{{.source = "raw", .start_ms = request.start_ms, .end_ms = request.end_ms}}, false};
  }
  Result<SelectCost> EstimateSelect(const SelectRequest&, const QueryContext&) const override {
    return SelectCost{3, 100, 200};
  }

  mutable int reads_ = 0;

 private:
  using Map = std::map<Labels, SampleColumns>;
  class Set final : public SeriesSet {
   public:
    Set(const Map& all, SelectRequest request) : request_(std::move(request)) {
      for (const auto& entry : all) {
        if (MatchesAll(request_.matchers, entry.first)) found_.push_back(&entry);
      }
    }
    bool Next() override { return ++next_ <= found_.size(); }
    const Labels& labels() const override { return found_[next_ - 1]->first; }
    Status ReadSamples(SampleColumns& out) override {
      out.Clear();
      const SampleColumns& all = found_[next_ - 1]->second;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all.times_ms[i] < request_.start_ms || all.times_ms[i] > request_.end_ms) continue;
        out.times_ms.push_back(all.times_ms[i]);
        out.values.push_back(all.values[i]);
      }
      return {};
    }

   private:
    const SelectRequest request_;
    std::vector<const Map::value_type*> found_;
    std::size_t next_ = 0;
  };

  Map series_;
};

std::string ValueText(const QueryResult& result) {
  std::string text;
  for (const MatrixSeries& series : std::get<Matrix>(result.value)) {
    text += series.labels.ToString();
    for (const Point& point : series.points)
      text += fmt::format(" {}:{}", point.time_ms, point.value);
    text += "\n";
  }
  for (const auto* notes : {&result.warnings, &result.infos}) {
    for (const std::string& note : *notes)
      text += fmt::format("{}\n", note);
  }
  return text;
}

Result<QueryResult> AskRange(const Storage& storage, const EngineOptions& options, const std::string& text) {
  const QueryContext context;
  return Engine(options).Range(storage, TenantId(kDefaultTenant), text, kStart, kStart + 30 * kMinute,
                               kMinute, context);
}

// Every node that was planned as something else than what it did.
void ExpectAsPlanned(const PlanNode& node, const std::string& query) {
  if (node.actual) {
    EXPECT_EQ(PlanMethodText(node.actual->method), PlanMethodText(node.method))
        << query << ": " << ExpressionText(node);
  }
  if (node.read && node.actual && node.actual->read) {
    ASSERT_EQ(node.read->spans.size(), node.actual->read->spans.size()) << query;
    for (std::size_t i = 0; i < node.read->spans.size(); ++i)
      EXPECT_EQ(node.read->spans[i].source, node.actual->read->spans[i].source) << query;
  }
  for (const PlanNode& child : node.children)
    ExpectAsPlanned(child, query);
}

const PlanNode* FindNode(const PlanNode& node, std::uint32_t id) {
  if (node.id == id) return &node;
  for (const PlanNode& child : node.children) {
    if (const PlanNode* const found = FindNode(child, id)) return found;
  }
  return nullptr;
}

constexpr const char* kQueries[] = {
    "a_total",
    "rate(a_total[5m]) / (rate(a_total[5m]) + rate(b_total[5m]))",
    "sum(rate(a_total[5m])) / sum(rate(b_total[5m]))",
    "sum by (server) (g) + sum by (server) (g) - sum without (server) (g)",
    "(g + 1) * (g + 1) - (g+1)",
    "max_over_time((g + g)[10m:1m]) + max_over_time((g + g)[10m:2m])",
    "rate(g[5m]) + rate( g [300s])",
    "histogram_quantile(0.5, h_bucket) + histogram_quantile(0.5, h_bucket)",
    "histogram_quantile(2, h_bucket) or histogram_quantile(2,h_bucket)",
    "abs(g @ 1700001000) + abs(g @ 1700001000)",
    "topk(1, g) or topk(1, g)",
    "count_values(\"v\", g) and count_values(\"v\", g)",
    "scalar(sum(g)) + scalar(sum(g)) + g",
    "-g + -g",
    "absent(none) + absent(none)",
    "odd > bool 2 unless (odd > bool 2 and odd)",
    "label_replace(g, \"x\", \"$1\", \"server\", \"(.*)\") + on (server) g",
    "1 + 2",
    "quantile(0.5, g) + quantile(0.5, g)",
    "sum(g offset 5m) + sum(g offset 300s)",
    "g + g + g + g",
    "timestamp(g) + g + g + timestamp(g)",
    "histogram_count(g + 1) + (g + 1) or changes(g[5m]) + changes(g[5m])",
    "count_values(\"v\", abs(g)) or abs(g) or (abs(g) == abs(g))",
    "absent(g) or g or absent(g)",
};

TEST(Plan, SaysWhatHappens) {
  const Storage storage;
  const Engine engine{EngineOptions{}};
  const QueryContext context;
  ManualClock clock(0);
  for (const char* query : kQueries) {
    auto plan = engine.Explain(storage, {&storage, &storage}, TenantId(kDefaultTenant), query, kStart,
                               kStart + 30 * kMinute, kMinute, context);
    ASSERT_TRUE(plan.has_value()) << query << plan.error().message;
    const auto result = engine.Analyze(storage, TenantId(kDefaultTenant), *plan, clock, context);
    ASSERT_TRUE(result.has_value()) << query << result.error().message;
    ASSERT_TRUE(plan->root.actual.has_value()) << query;
    EXPECT_EQ(plan->root.actual->series, std::max<std::size_t>(std::get<Matrix>(result->value).size(), 0))
        << query;
    ExpectAsPlanned(plan->root, query);
    // Looking on changes nothing.
    EXPECT_EQ(ValueText(*result), ValueText(*AskRange(storage, {}, query))) << query;
  }
}

TEST(Plan, SharesEqualPartsAndNobodyCanTell) {
  for (const char* query : kQueries) {
    const Storage shared;
    const Storage apart;
    EngineOptions alone;
    alone.shares_subexpressions = false;
    const auto got = AskRange(shared, {}, query);
    const auto want = AskRange(apart, alone, query);
    ASSERT_TRUE(got.has_value() && want.has_value()) << query;
    EXPECT_EQ(ValueText(*got), ValueText(*want)) << query;
    EXPECT_EQ(want->stats.shared_results, 0U);
    EXPECT_LE(shared.reads_, apart.reads_) << query;
    EXPECT_EQ(shared.reads_ < apart.reads_, got->stats.shared_results > 0) << query;
  }
}

TEST(Plan, ReadsOnceWhatIsShared) {
  struct Case {
    const char* query;
    int reads;
    std::uint64_t shared;
  };
  const Case cases[] = {
      {"rate(a_total[5m]) / (rate(a_total[5m]) + rate(b_total[5m]))", 2, 1},
      {"sum(rate(a_total[5m])) / sum(rate(b_total[5m]))", 2, 0},
      {"g + g + g + g", 1, 3},
      {"sum(g) + sum(g)", 1, 1},
      {"g{server=\"1\"} + g{server=~\"1\"}", 2, 0},
      {"g{server=\"1\",job=\"\"} + g{job=\"\", server='1'}", 1, 1},
      {"g + g offset 1m", 2, 0},
      {"rate(a_total[5m]) + rate(a_total[300s])", 1, 1},
      // At other times it is another value.
      {"max_over_time(g[5m:1m]) + g", 2, 0},
  };
  for (const Case& c : cases) {
    const Storage storage;
    const auto result = AskRange(storage, {}, c.query);
    ASSERT_TRUE(result.has_value()) << c.query;
    EXPECT_EQ(storage.reads_, c.reads) << c.query;
    EXPECT_EQ(result->stats.shared_results, c.shared) << c.query;
  }
}

TEST(Plan, EvaluatesAgainWhereMemoryIsShort) {
  const Storage storage;
  EngineOptions options;
  // Enough for what it takes part by part, and for nothing beside.
  options.samples_max = 290;
  const auto result = AskRange(storage, options, "g + g + g");
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->stats.shared_results, 0U);
  EXPECT_EQ(storage.reads_, 3);
}

TEST(Plan, TellsWhatIsReadAndWhatItCosts) {
  const Storage storage;
  const QueryContext context;
  const auto plan =
      Engine(EngineOptions{})
          .Explain(storage, {&storage, &storage}, TenantId(kDefaultTenant),
                   "max_over_time(rate(a_total{server=\"1\"}[5m])[10m:1m] offset 2m) + g @ 1700001000",
                   kStart, kStart + 30 * kMinute, kMinute, context);
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  const PlanNode& root = plan->root;
  EXPECT_EQ(root.id, 1U);
  EXPECT_EQ(root.operation, "binary");
  EXPECT_EQ(root.steps, 31U);
  const PlanNode* const inner = FindNode(root, 4);
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(inner->detail, "rate");
  EXPECT_EQ(inner->steps, 40U);
  EXPECT_EQ(inner->step_ms, kMinute);
  const PlanNode& range = inner->children.at(0);
  ASSERT_TRUE(range.read.has_value());
  EXPECT_EQ(MatchersText(range), "{server=\"1\", __name__=\"a_total\"}");
  EXPECT_EQ(range.read->function, "rate");
  EXPECT_EQ(range.read->range_ms, 5 * kMinute);
  EXPECT_EQ(range.read->end_ms, kStart + 28 * kMinute);
  EXPECT_EQ(range.read->estimate->samples, 100U);
  const PlanNode& fixed = root.children.at(1);
  EXPECT_TRUE(fixed.is_once);
  EXPECT_EQ(fixed.steps, 1U);
  EXPECT_EQ(fixed.read->end_ms, 1'700'001'000'000);
  const std::string tree = PlanTree(*plan);
  EXPECT_NE(tree.find("#2 function max_over_time: series by series"), std::string::npos) << tree;
  EXPECT_NE(tree.find("40 steps of 1m"), std::string::npos) << tree;
  EXPECT_NE(tree.find("once for all steps"), std::string::npos) << tree;
  EXPECT_EQ(PlanLine(root, 1000), "+(max_over_time(subquery(rate(a_total from raw))), g[once] from raw)");
  EXPECT_EQ(PlanLine(root, 5), "+(max...");
}

TEST(Plan, RefusesWhatAQueryWouldBeRefused) {
  const Storage storage;
  const QueryContext context;
  const Engine engine{EngineOptions{}};
  const auto explain = [&](const char* query) {
    return engine.Explain(storage, {}, TenantId(kDefaultTenant), query, kStart, kStart + kMinute, kMinute,
                          context);
  };
  EXPECT_EQ(explain("sum(").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(explain("g[5m]").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(explain("rate(g[-step()])").error().code, ErrorCode::kInvalidArgument);
}

TEST(PlanText, NamesTiersAndTheirTime) {
  constexpr std::int64_t kHour = 3'600'000;
  const std::vector<ReadSpan> spans = {
      {.source = "5m", .start_ms = 1, .end_ms = 48 * kHour, .resolution_ms = 300'000, .files = 2},
      {.source = "disk", .start_ms = 48 * kHour, .end_ms = 50 * kHour},
      {.source = "memory", .start_ms = 49 * kHour, .end_ms = 51 * kHour},
  };
  EXPECT_EQ(TiersText(spans), "5m=2d,raw=3h");
  EXPECT_EQ(TiersText({}), "");
}

}  // namespace
}  // namespace tickscope::promql
