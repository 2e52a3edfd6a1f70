// What is asked for is noted for whoever asks, also when no sample is read for the answer: from the cache, or refused.
#include "roles/usage_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "base/clock.h"
#include "console/view_links.h"
#include "model/mutation_log.h"
#include "queryfront/query_front.h"

namespace tickscope::roles {
namespace {

using console::Reader;
using queryfront::QueryClass;
using ::testing::ElementsAre;

class NoSeries final : public SeriesSet {
 public:
  [[nodiscard]] bool Next() override { return false; }
  [[nodiscard]] const Labels& labels() const override { return labels_; }
  [[nodiscard]] Status ReadSamples(SampleColumns&) override { return {}; }

 private:
  const Labels labels_;
};

class EmptyStorage final : public Queryable {
 public:
  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest&,
                                                          const QueryContext&) const override {
    return std::make_unique<NoSeries>();
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest&,
                                                            const QueryContext&) const override {
    return std::vector<std::string>();
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                                             const QueryContext&) const override {
    return std::vector<std::string>();
  }
};

class Notes final : public queryfront::SelectionNotes {
 public:
  void Note(const queryfront::QueryIdentity& who, std::span<const Matcher> matchers) override {
    lines.push_back(who.user + " " + std::string(matchers.back().value()));
  }
  std::vector<std::string> lines;
};

class QueryNotesTest : public testing::Test {
 protected:
  queryfront::QueryOutcome Ask(std::string text, std::string user) {
    queryfront::QueryRequest request;
    request.identity = {.user = std::move(user)};
    request.text = std::move(text);
    request.start_ms = 100 * 60'000;
    request.end_ms = 160 * 60'000;
    request.step_ms = 60'000;
    return front_.Run(request, context_);
  }

  ManualClock clock_{1'000 * 60'000};
  MetricRegistry metrics_;
  MutationLog log_{60'000};
  EmptyStorage storage_;
  promql::EngineOptions engine_;
  queryfront::ResultCache cache_{nullptr, log_, metrics_, {}, [](const TenantId&) { return 1; }};
  Notes notes_;
  queryfront::QueryFront front_{{.storage = storage_,
                                 .engine = engine_,
                                 .clock = clock_,
                                 .metrics = metrics_,
                                 .cache = &cache_,
                                 .notes = &notes_},
                                {}};
  QueryContext context_;
};

TEST_F(QueryNotesTest, AnswersFromTheCacheCount) {
  ASSERT_TRUE(cache_.Open(0));
  const char* const text = "sum(rate(a[5m])) or on() count(b) or vector(1)";
  ASSERT_TRUE(Ask(text, "ann").has_value());
  const auto kept = Ask(text, "bob");
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->cache, queryfront::CacheOutcome::kHit);
  EXPECT_THAT(notes_.lines, ElementsAre("ann a", "ann b", "bob a", "bob b"));
}

TEST_F(QueryNotesTest, APlanAsksForNothingButARunOfItDoes) {
  queryfront::QueryRequest request;
  request.text = "a";
  using enum queryfront::QueryFront::ExplainMode;
  ASSERT_TRUE(front_.Explain(request, kPlan, context_).has_value());
  EXPECT_THAT(notes_.lines, ElementsAre());
  ASSERT_TRUE(front_.Explain(request, kAnalyze, context_).has_value());
  EXPECT_THAT(notes_.lines, ElementsAre(" a"));
  EXPECT_FALSE(Ask("sum(", "ann").has_value());
  EXPECT_THAT(notes_.lines, ElementsAre(" a")) << "what is no query selects nothing";
}

TEST(ReaderOf, GoesByClassAndUser) {
  const auto reader = [](QueryClass query_class, std::string user) {
    return ReaderOf({.user = std::move(user), .query_class = query_class});
  };
  EXPECT_EQ(reader(QueryClass::kAlert, "x"), Reader::kRule);
  EXPECT_EQ(reader(QueryClass::kRecording, ""), Reader::kRule);
  EXPECT_EQ(reader(QueryClass::kDashboard, "live"), Reader::kDashboard);
  EXPECT_EQ(reader(QueryClass::kDashboard, std::string(console::kViewUserPrefix) + "0123"), Reader::kViewer);
  EXPECT_EQ(reader(QueryClass::kAdHoc, "view:0123"), Reader::kUser);
}

}  // namespace
}  // namespace tickscope::roles
