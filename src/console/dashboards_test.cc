// Dashboards: what is taken and what is refused and where; which of three sources has a name; two who save at once; files that
// change, break and are mended; variables in queries.
#include "console/dashboards.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/memory_file_system.h"

namespace tickscope::console {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Document(std::string_view name, std::string_view title = "T", std::string_view query = "up") {
  return fmt::format(
      R"({{"kind":"Dashboard","metadata":{{"name":"{}"}},"spec":{{"display":{{"name":"{}"}},"panels":{{"a":{{"kind":"Panel","spec":{{"plugin":{{"kind":"TimeSeriesChart","spec":{{}}}},"queries":[{{"kind":"TimeSeriesQuery","spec":{{"plugin":{{"kind":"PrometheusTimeSeriesQuery","spec":{{"query":"{}"}}}}}}}}]}}}}}},"layouts":[{{"kind":"Grid","spec":{{"items":[{{"x":0,"y":0,"width":12,"height":6,"content":{{"$ref":"#/spec/panels/a"}}}}]}}}}]}}}})",
      name, title, query);
}

DashboardDocument Read(std::string_view text) {
  auto document = DashboardDocument::Read(text);
  EXPECT_TRUE(document.has_value()) << document.error().message;
  return *std::move(document);
}

TEST(DashboardDocument, TellsWhatIsInIt) {
  const DashboardDocument document = Read(R"({
    "kind": "Dashboard",
    "metadata": {"name": "fleet.eu-1", "project": "ops", "tags": ["a", "b"], "version": 7},
    "spec": {"display": {"name": "Fleet", "description": "All of it."}, "duration": "1h", "refreshInterval": "0s",
             "unknown": [1, null, true], "panels": {}, "layouts": []}})");
  EXPECT_EQ(document.name(), "fleet.eu-1");
  EXPECT_EQ(document.title(), "Fleet");
  EXPECT_EQ(document.description(), "All of it.");
  EXPECT_EQ(document.folder(), "ops");
  EXPECT_THAT(document.tags(), ElementsAre("a", "b"));
  EXPECT_THAT(document.text(), HasSubstr(R"("unknown":[1,null,true])")) << "kept as it came";
  EXPECT_EQ(document.revision().size(), 16U);
  EXPECT_EQ(Read(document.text()).revision(), document.revision()) << "blanks are not content";
  EXPECT_EQ(Read(Document("x")).title(), "T");
}

TEST(DashboardDocument, MistakesAreToldWithTheirPlace) {
  struct Case {
    const char* name;
    std::string text;
    const char* told;
  };
  const std::string good = Document("x");
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const Case cases[] = {
      {"not JSON", "{\n  \"kind\": }", "line 2, column 11: not JSON"},
      {"a list", "[]", "line 1, column 1: a dashboard: expected an object, got a list"},
      {"another kind", with("\"Dashboard\"", "\"Datasource\""),
       "kind: expected Dashboard, got \"Datasource\""},
      {"no metadata", R"({"kind":"Dashboard","spec":{"panels":{},"layouts":[]}})", "metadata: required"},
      {"upward name", with("\"x\"", "\"../x\""), "name: expected 1 to 75"},
      {"hidden name", with("\"x\"", "\".x\""), "name: expected 1 to 75"},
      {"NUL in a name", with("\"x\"", "\"a\\u0000b\""), "name: expected 1 to 75"},
      {"long name", Document(std::string(76, 'a')), "name: expected 1 to 75"},
      {"no spec", R"({"kind":"Dashboard","metadata":{"name":"x"}})", "spec: required"},
      {"panels a list", with("\"panels\":{", "\"panels\":[],\"p\":{"),
       "panels: expected an object, got a list"},
      {"plugin without kind", with("\"kind\":\"TimeSeriesChart\",", ""), "kind: required, a text"},
      {"query a number", with("\"query\":\"up\"", "\"query\":3"), "query: expected a text, got a number"},
      {"layout of a panel there is not", with("panels/a\"", "panels/b\""),
       "$ref: expected #/spec/panels/NAME"},
      {"width a text", with("\"width\":12", "\"width\":\"12\""), "width: expected a number"},
      {"duration", with("\"panels\":{", "\"duration\":\"soon\",\"panels\":{"),
       "duration: expected a duration"},
      {"a key twice", with("\"x\":0", "\"x\":0,\"x\":1"), "key \"x\" comes twice"},
      {"variable kind",
       with("\"panels\":{", R"("variables":[{"kind":"Other","spec":{"name":"v"}}],"panels":{)"),
       "kind: expected ListVariable or TextVariable"},
      {"variable twice",
       with(
           "\"panels\":{",
           R"("variables":[{"kind":"TextVariable","spec":{"name":"v"}},{"kind":"TextVariable","spec":{"name":"v"}}],"panels":{)"),
       "two variables are called \"v\""},
  };
  for (const Case& test : cases) {
    const auto document = DashboardDocument::Read(test.text);
    ASSERT_FALSE(document.has_value()) << test.name;
    EXPECT_EQ(document.error().code, ErrorCode::kInvalidArgument) << test.name;
    EXPECT_THAT(document.error().message, HasSubstr(test.told)) << test.name;
  }
}

TEST(DashboardDocument, FindsQueriesAndDefaults) {
  const DashboardDocument document = Read(R"({"kind":"Dashboard","metadata":{"name":"x"},"spec":{
    "variables":[
      {"kind":"ListVariable","spec":{"name":"region","defaultValue":["eu","na"],"plugin":{"kind":"P"}}},
      {"kind":"ListVariable","spec":{"name":"mode","allowAllValue":true}},
      {"kind":"ListVariable","spec":{"name":"map","defaultValue":"$__all","customAllValue":"h.*"}},
      {"kind":"TextVariable","spec":{"name":"limit","value":"3"}}],
    "panels":{
      "b":{"kind":"Panel","spec":{"plugin":{"kind":"T"},"queries":[
        {"kind":"L","spec":{"plugin":{"kind":"Loki","spec":{"q":1}}}},
        {"kind":"T","spec":{"plugin":{"kind":"PrometheusTimeSeriesQuery","spec":{"query":"two"}}}}]}},
      "a":{"kind":"Panel","spec":{"plugin":{"kind":"T"}}}},
    "layouts":[]}})");
  const auto queries = document.Queries();
  ASSERT_EQ(queries.size(), 1U);
  EXPECT_EQ(queries[0].panel, "b");
  EXPECT_EQ(queries[0].index, 1U);
  EXPECT_EQ(queries[0].text, "two");
  const VariableValues values = document.Defaults();
  EXPECT_THAT(values.find("region")->second, ElementsAre("eu", "na"));
  EXPECT_THAT(values.find("mode")->second, ElementsAre(".*"));
  EXPECT_THAT(values.find("map")->second, ElementsAre("h.*"));
  EXPECT_THAT(values.find("limit")->second, ElementsAre("3"));
}

TEST(FillVariables, InEveryForm) {
  const VariableValues values = {
      {"a", {"eu"}}, {"m", {"x.y", "z"}}, {"all", {".*"}}, {"q", {"say \"hi\""}}, {"n", {"3"}}};
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"up{r=\"$a\"}", "up{r=\"eu\"}"},
      {"up{r=~\"${a}\"}", "up{r=~\"eu\"}"},
      {"up{r=~\"$m\"}", "up{r=~\"(x\\\\.y|z)\"}"},
      {"${m:csv}", "x.y,z"},
      {"up{r=~\"$all\"}", "up{r=~\".*\"}"},
      {"up{r=\"$q\"}", "up{r=\"say \\\"hi\\\"\"}"},
      {"topk($n, a)", "topk(3, a)"},
      {"$ab $unknown ${unknown} $ ${a", "$ab $unknown ${unknown} $ ${a"},
      {"cost $5", "cost $5"},
      {"", ""},
  };
  for (const Case& test : cases)
    EXPECT_EQ(FillVariables(test.text, values), test.want) << test.text;
  const VariableValues intervals = IntervalVariables(15'000, 3'600'000);
  EXPECT_EQ(FillVariables("rate(a[$__rate_interval]) $__interval $__range", intervals),
            "rate(a[40s]) 15s 1h");
  EXPECT_EQ(FillVariables("$__rate_interval", IntervalVariables(60'000, 0)), "1m10s");
}

class DashboardsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(fs_.CreateDirectories("files/ops"));
    Open();
  }

  void Open(Dashboards::Limits limits = {}) {
    dashboards_.reset();
    folder_.reset();
    log_.reset();
    auto log = KeyedLog::Open(fs_, "data/dashboards.log", {});
    ASSERT_TRUE(log.has_value());
    log_ = *std::move(log);
    folder_ = std::make_unique<DashboardFolder>(fs_, clock_, "files", DashboardFolder::Bounds{});
    const EmbeddedFile shipped[] = {{"host.json", shipped_, {}, {}}, {"bad.json", "{}", {}, {}}};
    dashboards_ = std::make_unique<Dashboards>(shipped, *folder_, *log_, clock_, limits);
  }

  void PutFile(const std::string& path, std::string_view text) {
    ASSERT_TRUE(io::WriteFileAtomically(fs_, path, text));
    clock_.Advance(std::chrono::seconds(10));
  }

  std::vector<std::string> Names(const TenantId& tenant = TenantId("t")) {
    std::vector<std::string> names;
    for (const Dashboard& dashboard : dashboards_->List(tenant))
      names.push_back(fmt::format("{} {} {}", dashboard.document->name(),
                                  DashboardSourceName(dashboard.source), dashboard.folder));
    return names;
  }

  const std::string shipped_ = Document("host");
  const TenantId tenant_{"t"};
  io::MemoryFileSystem fs_;
  ManualClock clock_{1'000'000};
  std::unique_ptr<KeyedLog> log_;
  std::unique_ptr<DashboardFolder> folder_;
  std::unique_ptr<Dashboards> dashboards_;
};

TEST_F(DashboardsTest, StoresForOneTenantAndKeeps) {
  ASSERT_TRUE(dashboards_->Put(tenant_, Read(Document("mine")), {}).has_value());
  EXPECT_THAT(Names(), ElementsAre("host shipped ", "mine store "));
  EXPECT_THAT(Names(TenantId("u")), ElementsAre("host shipped "));
  Open();
  EXPECT_THAT(Names(), ElementsAre("host shipped ", "mine store "));
  ASSERT_TRUE(dashboards_->Remove(tenant_, "mine", {}).has_value());
  EXPECT_EQ(dashboards_->Remove(tenant_, "mine", {}).error().error.code, ErrorCode::kNotFound);
  EXPECT_EQ(dashboards_->Find(tenant_, "mine").error().code, ErrorCode::kNotFound);
}

TEST_F(DashboardsTest, OfTwoWhoSaveAtOnceOneIsTold) {
  const auto first =
      dashboards_->Put(tenant_, Read(Document("mine", "one")), {.revision = {}, .must_be_new = true});
  ASSERT_TRUE(first.has_value());
  const std::string base = first->document->revision();
  const auto second =
      dashboards_->Put(tenant_, Read(Document("mine", "two")), {.revision = base, .must_be_new = false});
  ASSERT_TRUE(second.has_value());
  const auto third =
      dashboards_->Put(tenant_, Read(Document("mine", "three")), {.revision = base, .must_be_new = false});
  ASSERT_FALSE(third.has_value());
  EXPECT_TRUE(third.error().is_stale);
  EXPECT_EQ(third.error().revision, second->document->revision());
  EXPECT_EQ(dashboards_->Find(tenant_, "mine")->document->title(), "two");
  EXPECT_TRUE(
      dashboards_->Remove(tenant_, "mine", {.revision = base, .must_be_new = false}).error().is_stale);
  const auto again = dashboards_->Put(tenant_, Read(Document("mine")), {.revision = {}, .must_be_new = true});
  EXPECT_EQ(again.error().error.code, ErrorCode::kAlreadyExists);
  const auto absent = dashboards_->Put(tenant_, Read(Document("new")),
                                       {.revision = {}, .must_be_new = false, .must_exist = true});
  EXPECT_TRUE(absent.error().is_stale);
  EXPECT_EQ(absent.error().error.code, ErrorCode::kFailedPrecondition);
  const auto gone =
      dashboards_->Put(tenant_, Read(Document("new")), {.revision = base, .must_be_new = false});
  EXPECT_TRUE(gone.error().is_stale) << "an edit of what was removed does not bring it back";
}

TEST_F(DashboardsTest, WhatIsShippedOrAFileIsNotChangedHere) {
  PutFile("files/ops/deploy.json", Document("deploy"));
  EXPECT_THAT(Names(), ElementsAre("deploy file ops", "host shipped "));
  for (const char* const name : {"deploy", "host"}) {
    const auto put = dashboards_->Put(tenant_, Read(Document(name)), {});
    ASSERT_FALSE(put.has_value());
    EXPECT_EQ(put.error().error.code, ErrorCode::kPermissionDenied);
    EXPECT_THAT(put.error().error.message, HasSubstr("another name"));
    EXPECT_EQ(dashboards_->Remove(tenant_, name, {}).error().error.code, ErrorCode::kPermissionDenied);
  }
  PutFile("files/host.json", Document("host", "ours"));
  EXPECT_EQ(dashboards_->Find(tenant_, "host")->document->title(), "ours")
      << "a file comes before what is shipped";
}

TEST_F(DashboardsTest, FilesAreReadAgain) {
  PutFile("files/a.json", Document("a", "one"));
  const TimeMs first = dashboards_->Find(tenant_, "a")->updated_ms;
  PutFile("files/other.json", Document("other"));
  EXPECT_EQ(dashboards_->Find(tenant_, "a")->updated_ms, first) << "not for another file's sake";
  PutFile("files/a.json", Document("a", "two"));
  EXPECT_EQ(dashboards_->Find(tenant_, "a")->document->title(), "two");
  EXPECT_GT(dashboards_->Find(tenant_, "a")->updated_ms, first);
  PutFile("files/a.json", "{ broken");
  EXPECT_EQ(dashboards_->Find(tenant_, "a")->document->title(), "two")
      << "the version that could be read stays";
  EXPECT_THAT(dashboards_->Problems(), ElementsAre(HasSubstr("a.json: line 1, column 3: not JSON")));
  PutFile("files/b.json", Document("other"));
  EXPECT_THAT(dashboards_->Problems().back(), HasSubstr("left out"));
  ASSERT_TRUE(fs_.Remove("files/a.json"));
  ASSERT_TRUE(fs_.Remove("files/b.json"));
  PutFile("files/.hidden.json", "{");
  EXPECT_THAT(Names(), ElementsAre("host shipped ", "other file "));
  EXPECT_THAT(dashboards_->Problems(), IsEmpty());
}

TEST_F(DashboardsTest, Bounds) {
  Open({.dashboards_max = 2});
  ASSERT_TRUE(dashboards_->Put(tenant_, Read(Document("a")), {}).has_value());
  ASSERT_TRUE(dashboards_->Put(tenant_, Read(Document("b")), {}).has_value());
  EXPECT_EQ(dashboards_->Put(tenant_, Read(Document("c")), {}).error().error.code, ErrorCode::kOutOfRange);
  EXPECT_TRUE(dashboards_->Put(tenant_, Read(Document("b", "changed")), {}).has_value());
  EXPECT_TRUE(dashboards_->Put(TenantId("u"), Read(Document("c")), {}).has_value());
  fs_.SetCapacity(100);
  EXPECT_EQ(dashboards_->Put(tenant_, Read(Document("b", "more")), {}).error().error.code,
            ErrorCode::kUnavailable);
  EXPECT_EQ(dashboards_->Find(tenant_, "b")->document->title(), "changed");
}

}  // namespace
}  // namespace tickscope::console
