// Pages over HTTP, from made-up files: which file answers which address, that browsers keep what they may keep and ask again
// for the rest, that nothing of others gets in, and that what is no page is said to be so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/console.h"
#include "console/page_endpoint.h"
#include "http/gzip.h"
#include "io/memory_file_system.h"

namespace tickscope::console {
namespace {

using ::testing::HasSubstr;

void Put(io::FileSystem& fs, const std::string& path, std::string_view content) {
  ASSERT_TRUE(fs.CreateDirectories(io::ParentDirectory(path)));
  ASSERT_TRUE(io::WriteFileAtomically(fs, path, content));
}

class Pages : public ::testing::Test {
 protected:
  void SetUp() override {
    Put(fs_, "dist/index.html", kIndex);
    Put(fs_, "dist/favicon.svg", "<svg/>");
    Put(fs_, "dist/assets/app-1a2b.js", script_);
    Use({});
  }

  void Use(const PageOptions& options) {
    auto files = PageFiles::Load(fs_, "dist");
    ASSERT_TRUE(files.has_value()) << files.error().message;
    files_ = *std::move(files);
    router_.Add("GET", "/metrics",
                [](const http::Request&, const http::PathParameters&, http::Respond respond) {
                  respond(http::TextResponse(200, "ours"));
                });
    ServePages(router_, files_, options);
  }

  http::Response Ask(const std::string& target,
                     std::initializer_list<std::pair<const char*, const char*>> headers = {},
                     const std::string& method = "GET") {
    http::Request request{.method = method, .target = target};
    for (const auto& [name, value] : headers)
      request.headers.Set(name, value);
    http::Response answer;
    router_.Handle(std::move(request), [&](http::Response response) { answer = std::move(response); });
    return answer;
  }

  static constexpr std::string_view kIndex = "<!doctype html><script src=/assets/app-1a2b.js></script>";
  const std::string script_ = std::string(2'000, 'a') + "b";
  io::MemoryFileSystem fs_;
  PageFiles files_{std::span<const EmbeddedFile>()};
  http::Router router_;
};

TEST_F(Pages, AddressesOfTheProgramAreItsIndex) {
  for (const char* const target :
       {"/", "/explore", "/explore?query=up", "/d/fleet", "/d/eu.west", "/status", "/view/abc.def"}) {
    const http::Response answer = Ask(target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.body, kIndex) << target;
    EXPECT_EQ(answer.headers.Get("Content-Type"), "text/html; charset=utf-8") << target;
    EXPECT_EQ(answer.headers.Get("Cache-Control"), "no-cache") << target;
  }
}

TEST_F(Pages, FilesAreThereOrNot) {
  EXPECT_EQ(Ask("/assets/app-1a2b.js").body, script_);
  EXPECT_EQ(Ask("/assets/app-1a2b.js").headers.Get("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(Ask("/favicon.svg").headers.Get("Content-Type"), "image/svg+xml");
  for (const char* const target : {"/assets/app-0000.js", "/assets/", "/robots.txt", "/assets/../index.html",
                                   "/assets/%2e%2e/index.html"})
    EXPECT_EQ(Ask(target).status, 404) << target;
  EXPECT_EQ(Ask("/metrics").body, "ours\n") << "routes come first";
  EXPECT_EQ(Ask("/explore", {}, "POST").status, 404);
}

TEST_F(Pages, UnknownPathsOfTheApiAreJson) {
  for (const char* const target : {"/api/v1/nothing", "/api/", "/api/v2/query"}) {
    const http::Response answer = Ask(target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_THAT(answer.body, HasSubstr(R"("errorType":"not_found")")) << target;
  }
}

TEST_F(Pages, WhatIsNamedByItsContentIsKeptForEver) {
  EXPECT_EQ(Ask("/assets/app-1a2b.js").headers.Get("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(Ask("/favicon.svg").headers.Get("Cache-Control"), "no-cache");
}

TEST_F(Pages, EtagsSayWhatHasNotChanged) {
  const std::string tag(Ask("/").headers.Get("ETag"));
  ASSERT_GE(tag.size(), 18U);
  EXPECT_EQ(tag.front(), '"');
  const std::string weak = "W/" + tag;
  const std::string list = "\"x\", " + tag;
  for (const std::string& sent : {tag, weak, list, std::string("*")}) {
    const http::Response answer = Ask("/explore", {{"If-None-Match", sent.c_str()}});
    EXPECT_EQ(answer.status, 304) << sent;
    EXPECT_TRUE(answer.body.empty()) << sent;
    EXPECT_EQ(answer.headers.Get("ETag"), tag) << sent;
  }
  EXPECT_EQ(Ask("/", {{"If-None-Match", "\"other\""}}).status, 200);
  EXPECT_EQ(Ask("/", {{"If-None-Match", tag.substr(1, 8).c_str()}}).status, 200);
}

TEST_F(Pages, PackedFormForWhoTakesIt) {
  const http::Response packed = Ask("/assets/app-1a2b.js", {{"Accept-Encoding", "br, gzip"}});
  EXPECT_EQ(packed.headers.Get("Content-Encoding"), "gzip");
  EXPECT_EQ(http::Gunzip(packed.body, 10'000), script_);
  EXPECT_EQ(packed.headers.Get("Vary"), "Accept-Encoding");
  const http::Response plain = Ask("/assets/app-1a2b.js", {{"Accept-Encoding", "gzip;q=0"}});
  EXPECT_FALSE(plain.headers.Has("Content-Encoding"));
  EXPECT_EQ(plain.headers.Get("Vary"), "Accept-Encoding");
  EXPECT_NE(plain.headers.Get("ETag"), packed.headers.Get("ETag")) << "two forms, two tags";
  EXPECT_FALSE(Ask("/favicon.svg", {{"Accept-Encoding", "gzip"}}).headers.Has("Content-Encoding"))
      << "gzip would be longer";
}

TEST_F(Pages, NothingOfOthersGetsIn) {
  const http::Response answer = Ask("/");
  const std::string policy(answer.headers.Get("Content-Security-Policy"));
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'self';"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_EQ(answer.headers.Get("X-Frame-Options"), "DENY");
  EXPECT_EQ(answer.headers.Get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.headers.Get("Referrer-Policy"), "no-referrer");
}

TEST_F(Pages, FramesOfNamedOrigins) {
  Use({.frame_ancestors = {"https://wall.example", "'self'"}, .landing_page = {}});
  const http::Response answer = Ask("/");
  EXPECT_THAT(std::string(answer.headers.Get("Content-Security-Policy")),
              HasSubstr("frame-ancestors https://wall.example 'self'"));
  EXPECT_FALSE(answer.headers.Has("X-Frame-Options"));
}

TEST_F(Pages, RevisionIsAnotherWhenAFileIs) {
  const std::string before = files_.revision();
  EXPECT_EQ(before.size(), 16U);
  Put(fs_, "dist/favicon.svg", "<svg></svg>");
  Use({});
  EXPECT_NE(files_.revision(), before);
}

TEST(PageFiles, WithoutPagesTheServerSaysHowToGetThem) {
  const PageFiles none{std::span<const EmbeddedFile>()};
  http::Router router;
  ServePages(router, none, {.frame_ancestors = {}, .landing_page = "<p>build me"});
  http::Response answer;
  const auto ask = [&](const char* target) {
    router.Handle({.target = target}, [&](http::Response response) { answer = std::move(response); });
    return answer.status;
  };
  EXPECT_EQ(ask("/"), 200);
  EXPECT_EQ(answer.body, "<p>build me");
  EXPECT_EQ(ask("/explore"), 404);
  EXPECT_EQ(none.revision(), "");
}

TEST(PageFiles, DirectoriesThatAreNoPages) {
  io::MemoryFileSystem fs;
  EXPECT_EQ(PageFiles::Load(fs, "nowhere").error().code, ErrorCode::kNotFound);
  Put(fs, "dist/app.js", "x");
  const auto files = PageFiles::Load(fs, "dist");
  ASSERT_FALSE(files.has_value());
  EXPECT_THAT(files.error().message, HasSubstr("index.html"));
}

TEST(IsForEverybody, PagesAndViewerLinksAndNothingElse) {
  http::Router router;
  const auto nothing = [](const http::Request&, const http::PathParameters&, const http::Respond&) {};
  router.Add("GET", "/federate", nothing);
  router.Add("POST", "/v1/metrics", nothing);
  struct Case {
    const char* method;
    const char* target;
    bool is;
  };
  const Case cases[] = {
      {"GET", "/", true},
      {"HEAD", "/explore", true},
      {"GET", "/assets/a.js", true},
      {"GET", "/view/token", true},
      {"GET", "/api/v1/view/token", true},
      {"POST", "/api/v1/view/token/stream", true},
      {"GET", "/api/v1/view_links", false},
      {"GET", "/api/v1/query?query=up", false},
      {"GET", "/federate", false},
      {"GET", "/%66ederate", false},
      {"GET", "/v1/metrics", false},
      {"POST", "/explore", false},
      {"GET", "/api/v1/nothing", false},
  };
  for (const Case& test : cases)
    EXPECT_EQ(IsForEverybody({.method = test.method, .target = test.target}, router), test.is) << test.target;
}

}  // namespace
}  // namespace tickscope::console
