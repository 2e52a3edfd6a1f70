// Answers about labels are kept as long as the state is the same, within bounds.
#include "queryfront/label_cache.h"

#include <gtest/gtest.h>

namespace tickscope::queryfront {
namespace {

class Storage final : public Queryable, public LabelStateSource {
 public:
  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest&,
                                                          const QueryContext&) const override {
    return Fail(ErrorCode::kInternal, "not asked for");
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest&,
                                                            const QueryContext&) const override {
    ++reads;
    return names;
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name, const SelectRequest&,
                                                             const QueryContext&) const override {
    ++reads;
    if (name == "broken") return Fail(ErrorCode::kUnavailable, "not now");
    return std::vector<std::string>{name + "-value"};
  }
  [[nodiscard]] std::optional<std::string> LabelState(const TenantId&, TimeMs, TimeMs) const override {
    return state;
  }

  std::vector<std::string> names = {"a", "b"};
  std::optional<std::string> state = "1";
  mutable int reads = 0;
};

TEST(LabelCache, ReadsOncePerState) {
  Storage storage;
  MetricRegistry metrics;
  const LabelCache cache(storage, storage, metrics, 1 << 20);
  const QueryContext context;
  const std::vector<std::string> want = {"a", "b"};
  EXPECT_EQ(cache.LabelNames({.matchers = {}}, context), want);
  EXPECT_EQ(cache.LabelNames({.start_ms = 5, .matchers = {}}, context), want);
  EXPECT_EQ(storage.reads, 1);
  EXPECT_EQ(cache.LabelNames({.tenant = "other", .matchers = {}}, context), want);
  EXPECT_EQ(cache.LabelValues("x", {.matchers = {}}, context)->front(), "x-value");
  EXPECT_EQ(cache.LabelValues("y", {.matchers = {}}, context)->front(), "y-value");
  EXPECT_EQ(storage.reads, 4);
  // Nothing is an answer too, an error is none.
  storage.names.clear();
  storage.state = "2";
  EXPECT_TRUE(cache.LabelNames({.matchers = {}}, context)->empty());
  EXPECT_TRUE(cache.LabelNames({.matchers = {}}, context)->empty());
  EXPECT_EQ(storage.reads, 5);
  EXPECT_FALSE(cache.LabelValues("broken", {.matchers = {}}, context).has_value());
  EXPECT_FALSE(cache.LabelValues("broken", {.matchers = {}}, context).has_value());
  EXPECT_EQ(storage.reads, 7);
  storage.state.reset();
  static_cast<void>(cache.LabelNames({.matchers = {}}, context));
  static_cast<void>(cache.LabelNames({.matchers = {}}, context));
  EXPECT_EQ(storage.reads, 9);
}

TEST(LabelCache, StaysWithinItsBytes) {
  Storage storage;
  MetricRegistry metrics;
  const LabelCache cache(storage, storage, metrics, 4096);
  const QueryContext context;
  for (int i = 0; i < 200; ++i)
    static_cast<void>(cache.LabelValues(std::to_string(i), {.matchers = {}}, context));
  EXPECT_EQ(storage.reads, 200);
  static_cast<void>(cache.LabelValues("199", {.matchers = {}}, context));
  EXPECT_EQ(storage.reads, 200);
  static_cast<void>(cache.LabelValues("0", {.matchers = {}}, context));
  EXPECT_EQ(storage.reads, 201);
  storage.names = {std::string(10'000, 'x')};
  static_cast<void>(cache.LabelNames({.matchers = {}}, context));
  static_cast<void>(cache.LabelNames({.matchers = {}}, context));
  EXPECT_EQ(storage.reads, 203);
  static_cast<void>(cache.LabelValues(std::string(20'000, 'n'), {.matchers = {}}, context));
  static_cast<void>(cache.LabelValues(std::string(20'000, 'n'), {.matchers = {}}, context));
  EXPECT_EQ(storage.reads, 205);
}

}  // namespace
}  // namespace tickscope::queryfront
