// Annotations and viewer links: what is taken and refused, what is found, what a restart and a wrong token find, and that links
// end when they should.
#include "console/annotations.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/view_links.h"
#include "io/memory_file_system.h"
#include "promql/engine.h"

namespace tickscope::console {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::unique_ptr<KeyedLog> Opened(io::FileSystem& fs) {
  auto log = KeyedLog::Open(fs, "d/log", {});
  EXPECT_TRUE(log.has_value());
  return *std::move(log);
}

class AnnotationsTest : public ::testing::Test {
 protected:
  void SetUp() override { Open({}); }
  void Open(Annotations::Limits limits) {
    annotations_.reset();
    log_.reset();
    log_ = Opened(fs_);
    annotations_ = std::make_unique<Annotations>(*log_, clock_, random_, limits);
  }

  std::string Add(std::string_view json) {
    auto annotation = ReadAnnotation(json, clock_.NowMs());
    EXPECT_TRUE(annotation.has_value()) << annotation.error().message;
    const auto added = annotations_->Add("t", *std::move(annotation));
    EXPECT_TRUE(added.has_value());
    return (*added)->id;
  }

  std::vector<std::string> Titles(AnnotationQuery query, const TenantId& tenant = "t") {
    if (query.end_ms == 0) query.end_ms = 1'000'000'000;
    std::vector<std::string> titles;
    for (const auto& annotation : annotations_->List(tenant, query).annotations)
      titles.push_back(annotation->title);
    return titles;
  }

  std::vector<Matcher> Selector(std::string_view text) {
    auto matchers = promql::ParseSeriesSelector(text, {});
    EXPECT_TRUE(matchers.has_value());
    return *std::move(matchers);
  }

  io::MemoryFileSystem fs_;
  ManualClock clock_{5'000};
  SeededRandom random_{1};
  std::unique_ptr<KeyedLog> log_;
  std::unique_ptr<Annotations> annotations_;
};

TEST_F(AnnotationsTest, AreFoundByTimeKindAndLabels) {
  Add(R"({"kind":"deploy","title":"eu","time":1000,"labels":{"region":"eu"}})");
  Add(R"({"kind":"incident","title":"long","time":500,"timeEnd":3000})");
  Add(R"({"kind":"note","title":"now"})");
  EXPECT_THAT(Titles({}), ElementsAre("now", "eu", "long"));
  EXPECT_THAT(Titles({}, "other"), IsEmpty());
  EXPECT_THAT(Titles({.start_ms = 2'000, .end_ms = 4'000}), ElementsAre("long")) << "it lasts";
  EXPECT_THAT(Titles({.start_ms = 1'000, .end_ms = 1'000}), ElementsAre("eu", "long")) << "both ends count";
  EXPECT_THAT(Titles({.start_ms = 3'001, .end_ms = 4'999}), IsEmpty());
  EXPECT_THAT(Titles({.kinds = {"deploy", "note"}}), ElementsAre("now", "eu"));
  EXPECT_THAT(Titles({.selectors = {Selector(R"({region="na"})")}}), ElementsAre("now", "long"))
      << "what is about everything is about na";
  EXPECT_THAT(Titles({.selectors = {Selector(R"({region="na"})"), Selector(R"({region=~"e."})")}}),
              ElementsAre("now", "eu", "long"));
  EXPECT_THAT(Titles({.limit = 2}), ElementsAre("now", "eu"));
  EXPECT_TRUE(annotations_->List("t", {.end_ms = 9'999, .limit = 2}).is_cut);
}

TEST_F(AnnotationsTest, SurviveARestartAndGoWhenRemoved) {
  const std::string id =
      Add(R"({"kind":"deploy","title":"a","text":"b","labels":{"build":"1"},"author":"me"})");
  Add(R"({"kind":"note","title":"stays"})");
  Open({});
  ASSERT_THAT(Titles({}), ::testing::SizeIs(2));
  ASSERT_TRUE(annotations_->Remove("t", id));
  EXPECT_EQ(annotations_->Remove("t", id).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(annotations_->Remove("other", id).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(Titles({}), ElementsAre("stays"));
  Open({});
  EXPECT_THAT(Titles({}), ElementsAre("stays"));
}

TEST_F(AnnotationsTest, TheFurthestBackMakesRoom) {
  Open({.annotations_max = 2});
  Add(R"({"kind":"note","title":"b","time":200})");
  Add(R"({"kind":"note","title":"a","time":100})");
  Add(R"({"kind":"note","title":"c","time":300})");
  EXPECT_THAT(Titles({}), ElementsAre("c", "b"));
  Open({.annotations_max = 2});
  EXPECT_THAT(Titles({}), ElementsAre("c", "b"));
}

TEST_F(AnnotationsTest, AFullDiskKeepsNothing) {
  fs_.SetCapacity(30);
  auto annotation = ReadAnnotation(R"({"kind":"note","title":"x"})", 1);
  EXPECT_EQ(annotations_->Add("t", *annotation).error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(Titles({}), IsEmpty());
}

TEST(ReadAnnotation, Refuses) {
  struct Case {
    const char* json;
    const char* told;
  };
  const Case cases[] = {
      {"{", "not JSON"},
      {"[]", "expected an object"},
      {R"({"title":"t"})", "kind: required"},
      {R"({"kind":"a"})", "title: required"},
      {R"({"kind":"a b","title":"t"})", "kind: expected a word"},
      {R"({"kind":"a","title":""})", "title: expected some words"},
      {R"({"kind":"a","title":"t","time":"now"})", "time: expected a number"},
      {R"({"kind":"a","title":"t","time":1.5})", "time: expected whole milliseconds"},
      {R"({"kind":"a","title":"t","time":1e400})", "time: expected"},
      {R"({"kind":"a","title":"t","time":-1})", "time: expected whole milliseconds"},
      {R"({"kind":"a","title":"t","time":9,"timeEnd":8})", "timeEnd: expected no earlier"},
      {R"({"kind":"a","title":"t","labels":{"a":1}})", "labels: expected texts"},
      {R"({"kind":"a","title":"t","labels":[]})", "labels: expected an object"},
      {R"({"kind":"a","title":"t","txet":"x"})", "unknown key \"txet\""},
  };
  for (const Case& test : cases) {
    const auto annotation = ReadAnnotation(test.json, 0);
    ASSERT_FALSE(annotation.has_value()) << test.json;
    EXPECT_THAT(annotation.error().message, HasSubstr(test.told)) << test.json;
    EXPECT_THAT(annotation.error().message, HasSubstr("line 1, column")) << test.json;
  }
  const auto long_text =
      ReadAnnotation(fmt::format(R"({{"kind":"a","title":"t","text":"{}"}})", std::string(4'001, 'x')), 0);
  EXPECT_THAT(long_text.error().message, HasSubstr("text: expected at most 4000 bytes, got 4001"));
}

class ViewLinksTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(std::string(kViewKeyBytes, 'k')); }
  void Open(std::string key, ViewLinks::Limits limits = {}) {
    links_.reset();
    log_.reset();
    log_ = Opened(fs_);
    links_ = std::make_unique<ViewLinks>(*log_, clock_, random_, std::move(key), limits);
  }
  ViewLinks::Made Make(std::int64_t ttl_ms = 600'000) {
    auto made = links_->Make(
        "t", {.dashboard = "wall", .variables = {{"region", {"eu", "na"}}}, .ttl_ms = ttl_ms}, "me");
    EXPECT_TRUE(made.has_value());
    return *std::move(made);
  }

  io::MemoryFileSystem fs_;
  ManualClock clock_{1'000'000};
  SeededRandom random_{2};
  std::unique_ptr<KeyedLog> log_;
  std::unique_ptr<ViewLinks> links_;
};

TEST_F(ViewLinksTest, OpenWhatTheyWereMadeForUntilTheyAreOver) {
  const ViewLinks::Made made = Make();
  const auto link = links_->Open(made.token);
  ASSERT_TRUE(link.has_value()) << link.error().message;
  EXPECT_EQ((*link)->tenant, "t");
  EXPECT_EQ((*link)->dashboard, "wall");
  EXPECT_THAT((*link)->variables.find("region")->second, ElementsAre("eu", "na"));
  EXPECT_EQ((*link)->expires_ms, 1'600'000);
  clock_.Advance(std::chrono::milliseconds(599'999));
  EXPECT_TRUE(links_->Open(made.token).has_value());
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(links_->Open(made.token).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(links_->List("t"), IsEmpty());
}

TEST_F(ViewLinksTest, OnlyTheWholeTokenOpens) {
  const std::string token = Make().token;
  EXPECT_EQ(token.size(), 16U + 43U);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string wrong = token;
    wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
    EXPECT_EQ(links_->Open(wrong).error().code, ErrorCode::kNotFound) << i;
  }
  for (const std::string& wrong : {token.substr(0, 16), token.substr(0, token.size() - 1), token + "A",
                                   std::string(), std::string("/"), std::string(5'000, 'a')})
    EXPECT_EQ(links_->Open(wrong).error().code, ErrorCode::kNotFound);
}

TEST_F(ViewLinksTest, SurviveARestartButNotAnotherKey) {
  const std::string token = Make().token;
  Open(std::string(kViewKeyBytes, 'k'));
  EXPECT_TRUE(links_->Open(token).has_value());
  Open(std::string(kViewKeyBytes, 'l'));
  EXPECT_EQ(links_->Open(token).error().code, ErrorCode::kNotFound);
}

TEST_F(ViewLinksTest, ATokenOfNoLinkDoesNotOpen) {
  // What is compared when there is no link of the id must open nothing either: ids of zeros, signed or not.
  const std::string token = Make().token;
  EXPECT_EQ(links_->Open(std::string(16, '0') + token.substr(16)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(links_->Open(std::string(16, '0')).error().code, ErrorCode::kNotFound);
}

TEST_F(ViewLinksTest, OneOfManyIsFoundAndListedNewestFirst) {
  std::vector<ViewLinks::Made> made;
  for (int i = 0; i < 500; ++i) {
    made.push_back(Make());
    clock_.Advance(std::chrono::milliseconds(1));
  }
  Open(std::string(kViewKeyBytes, 'k'));
  for (const ViewLinks::Made& one : made)
    EXPECT_EQ((*links_->Open(one.token))->id, one.link.id);
  const auto listed = links_->List("t");
  ASSERT_EQ(listed.size(), made.size());
  EXPECT_EQ(listed.front()->id, made.back().link.id);
  EXPECT_THAT(links_->List("another"), IsEmpty());
}

TEST_F(ViewLinksTest, RevokedTheyAndTheirStreamsEnd) {
  const ViewLinks::Made made = Make();
  const auto other = Make();
  const auto link = links_->Open(made.token);
  const auto body = std::make_shared<http::StreamBody>(1'000);
  const auto stays = std::make_shared<http::StreamBody>(1'000);
  ASSERT_TRUE(links_->Hold(**link, body));
  ASSERT_TRUE(links_->Hold(**links_->Open(other.token), stays));
  EXPECT_EQ(links_->Revoke("u", made.link.id).error().code, ErrorCode::kNotFound) << "another tenant's";
  EXPECT_FALSE(body->aborted());
  ASSERT_TRUE(links_->Revoke("t", made.link.id));
  EXPECT_TRUE(body->aborted());
  EXPECT_FALSE(stays->aborted());
  EXPECT_EQ(links_->Open(made.token).error().code, ErrorCode::kNotFound);
  clock_.Advance(std::chrono::hours(1));
  links_->KeepHouse();
  EXPECT_TRUE(stays->aborted()) << "over";
  EXPECT_THAT(log_->List(""), IsEmpty()) << "forgotten";
}

TEST_F(ViewLinksTest, AllViewersOfALinkShareItsRate) {
  Open(std::string(kViewKeyBytes, 'k'), {.links_max = 2, .requests_per_second = 3});
  const std::string token = Make().token;
  const std::string other = Make().token;
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(links_->Open(token).has_value());
  EXPECT_EQ(links_->Open(token).error().code, ErrorCode::kRateLimited);
  EXPECT_TRUE(links_->Open(other).has_value());
  clock_.Advance(std::chrono::milliseconds(400));
  EXPECT_TRUE(links_->Open(token).has_value());
  EXPECT_EQ(links_->Open(token).error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(links_->Make("t", {.dashboard = "x", .variables = {}, .ttl_ms = 60'000}, "").error().code,
            ErrorCode::kOutOfRange);
}

TEST(ReadNewViewLink, Refuses) {
  struct Case {
    const char* json;
    const char* told;
  };
  const Case cases[] = {
      {R"({"ttl":"1h"})", "page: required"},
      {R"({"page":"other","ttl":"1h"})", "page: expected overview or dashboard"},
      {R"({"page":"dashboard","ttl":"1h"})", "dashboard: expected the name"},
      {R"({"page":"dashboard","dashboard":"../x","ttl":"1h"})", "dashboard: expected the name"},
      {R"({"page":"overview","dashboard":"x","ttl":"1h"})", "dashboard: expected the name"},
      {R"({"page":"overview"})", "ttl: required"},
      {R"({"page":"overview","ttl":"59s"})", "ttl: expected a duration from 1m to 90d"},
      {R"({"page":"overview","ttl":"91d"})", "ttl: expected a duration from 1m to 90d"},
      {R"({"page":"overview","ttl":"1h","variables":{"a":1}})", "variables: expected a text"},
      {R"({"page":"overview","ttl":"1h","variables":{"a":[]}})", "variables: expected a text"},
      {R"({"page":"overview","ttl":"1h","query":"up"})", "unknown key \"query\""},
  };
  for (const Case& test : cases) {
    const auto wanted = ReadNewViewLink(test.json);
    ASSERT_FALSE(wanted.has_value()) << test.json;
    EXPECT_THAT(wanted.error().message, HasSubstr(test.told)) << test.json;
  }
  EXPECT_EQ(ReadNewViewLink(R"({"page":"overview","ttl":"90d"})")->ttl_ms, kViewTtlMaxMs);
}

TEST(Base64Url, AsRfc4648) {
  EXPECT_EQ(Base64Url(""), "");
  EXPECT_EQ(Base64Url("f"), "Zg");
  EXPECT_EQ(Base64Url("fo"), "Zm8");
  EXPECT_EQ(Base64Url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64Url("\xff\xef\xbe"), "_---");
}

}  // namespace
}  // namespace tickscope::console
