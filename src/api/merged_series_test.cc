// Merging sets of series: order, duplicates, empty sets.
#include "api/merged_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tickscope::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ListedSeries final : public SeriesSet {
 public:
  explicit ListedSeries(std::vector<Labels> series) : series_(std::move(series)) {}
  bool Next() override { return next_++ < series_.size(); }
  [[nodiscard]] const Labels& labels() const override { return series_[next_ - 1]; }
  Status ReadSamples(SampleColumns&) override { return {}; }

 private:
  std::vector<Labels> series_;
  std::size_t next_ = 0;
};

std::vector<std::string> Merge(const std::vector<std::vector<std::string_view>>& jobs) {
  std::vector<std::unique_ptr<SeriesSet>> sets;
  for (const auto& values : jobs) {
    std::vector<Labels> series;
    for (const std::string_view value : values)
      series.push_back(Labels{{"job", value}});
    sets.push_back(std::make_unique<ListedSeries>(std::move(series)));
  }
  MergedSeries merged(std::move(sets));
  std::vector<std::string> seen;
  while (merged.Next())
    seen.emplace_back(merged.labels().Get("job"));
  return seen;
}

TEST(MergedSeries, KeepsOrderAndDropsRepeats) {
  EXPECT_THAT(Merge({}), IsEmpty());
  EXPECT_THAT(Merge({{}, {}}), IsEmpty());
  EXPECT_THAT(Merge({{"a", "b"}}), ElementsAre("a", "b"));
  EXPECT_THAT(Merge({{"b", "d"}, {}, {"a", "b", "c"}, {"b"}}), ElementsAre("a", "b", "c", "d"));
}

}  // namespace
}  // namespace tickscope::api
