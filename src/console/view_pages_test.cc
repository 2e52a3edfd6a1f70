// A link's page is made once and kept while its dashboard stays the same; what changes, is removed, or is another link's is another
// page. Stored dashboards are read once, as long as their trees have room.
#include "console/view_pages.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/memory_file_system.h"

namespace tickscope::console {
namespace {

using ::testing::ElementsAre;

DashboardDocument Document(std::string_view name, std::string_view query) {
  auto document = DashboardDocument::Read(fmt::format(
      R"({{"kind":"Dashboard","metadata":{{"name":"{}"}},"spec":{{)"
      R"("variables":[{{"kind":"TextVariable","spec":{{"name":"region","value":"eu"}}}}],)"
      R"("panels":{{"a":{{"kind":"Panel","spec":{{"plugin":{{"kind":"T","spec":{{}}}},"queries":[)"
      R"({{"kind":"TimeSeriesQuery","spec":{{"plugin":{{"kind":"PrometheusTimeSeriesQuery","spec":{{"query":"{}"}}}}}}}}]}}}}}},)"
      R"("layouts":[]}}}})",
      name, query));
  EXPECT_TRUE(document.has_value()) << document.error().message;
  return *std::move(document);
}

class ViewPagesTest : public ::testing::Test {
 protected:
  void SetUp() override { Open({}); }
  void Open(Dashboards::Limits limits) {
    pages_.reset();
    dashboards_ =
        std::make_unique<Dashboards>(std::span<const EmbeddedFile>(), folder_, *log_, clock_, limits);
    pages_ = std::make_unique<ViewPages>(*dashboards_);
  }
  void Put(std::string_view name, std::string_view query) {
    ASSERT_TRUE(dashboards_->Put("t", Document(name, query), {}).has_value());
  }
  [[nodiscard]] static ViewLink Link(std::string id, VariableValues variables = {}) {
    return {.id = std::move(id), .tenant = "t", .dashboard = "wall", .variables = std::move(variables)};
  }

  io::MemoryFileSystem fs_;
  ManualClock clock_{1'000'000};
  std::unique_ptr<KeyedLog> log_ = KeyedLog::Open(fs_, "d/log", {}).value();
  DashboardFolder folder_{fs_, clock_, "", DashboardFolder::Bounds{}};
  std::unique_ptr<Dashboards> dashboards_;
  std::unique_ptr<ViewPages> pages_;
};

TEST_F(ViewPagesTest, KeepsAPageUntilItsDashboardChanges) {
  Put("wall", "one");
  const auto page = pages_->Of(Link("1", {{"region", {"na"}}}));
  ASSERT_TRUE(page.has_value());
  ASSERT_NE((*page)->Find("a", 0), nullptr);
  EXPECT_EQ(*(*page)->Find("a", 0), "one");
  EXPECT_EQ((*page)->Find("a", 1), nullptr);
  EXPECT_EQ((*page)->Find("b", 0), nullptr);
  EXPECT_THAT((*page)->values.find("region")->second, ElementsAre("na"));
  EXPECT_EQ(*pages_->Of(Link("1", {{"region", {"na"}}})), *page) << "the same object";
  const auto other = pages_->Of(Link("2"));
  EXPECT_NE(*other, *page);
  EXPECT_EQ((*other)->document, (*page)->document) << "read once";
  EXPECT_THAT((*other)->values.find("region")->second, ElementsAre("eu")) << "the default";

  Put("wall", "two");
  const auto changed = pages_->Of(Link("1", {{"region", {"na"}}}));
  EXPECT_EQ(*(*changed)->Find("a", 0), "two");
  ASSERT_TRUE(dashboards_->Remove("t", "wall", {}).has_value());
  EXPECT_EQ(pages_->Of(Link("1")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*(*page)->Find("a", 0), "one") << "who still reads a page keeps it";
}

TEST_F(ViewPagesTest, TreesWithoutRoomAreReadAnew) {
  Open({.dashboards_max = 10, .tree_bytes_max = 0});
  Put("wall", "one");
  const auto first = dashboards_->Find("t", "wall");
  const auto second = dashboards_->Find("t", "wall");
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_NE(first->document, second->document);
  EXPECT_EQ(*(*pages_->Of(Link("1")))->Find("a", 0), "one");
}

}  // namespace
}  // namespace tickscope::console
