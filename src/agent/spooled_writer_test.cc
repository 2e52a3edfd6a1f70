// A receiver with a spool: outages, kills, power cuts and old receivers, in a simulated site.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "agent/simulated_site_test.h"

namespace tickscope::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kSpool = "    spool: {directory: /spool/receiver, segment_bytes: 64KiB}\n";

std::string Yaml(std::string_view spool = kSpool) {
  return SiteYaml({"a:9100"}, "", spool);
}

class SpooledWriterTest : public testing::Test {
 protected:
  SpooledWriterTest() : text_(site_.AddTextTarget("a:9100", "# TYPE kills counter\nkills 1\n")) {}

  void IsAway(bool away) {
    site_.answer = nullptr;
    if (away) site_.answer = [](const http::Request&) { return http::Response{.status = 503}; };
  }
  // Takes what arrived, and says how many times of `kills` are among it.
  void Collect() {
    for (const Arrived& one : site_.TakeArrived()) {
      if (one.series.starts_with("kills{")) ++times_[one.time_ms];
    }
  }
  // Whether there is one of each ten seconds from the first to the last, and each once.
  void ExpectWhole() {
    Collect();
    ASSERT_FALSE(times_.empty());
    TimeMs next_ms = times_.begin()->first;
    for (const auto& [time_ms, count] : times_) {
      EXPECT_EQ(time_ms, next_ms) << "a gap before it";
      EXPECT_EQ(count, 1) << "came more than once";
      next_ms = time_ms + 10'000;
    }
  }
  std::uint64_t Dropped() const {
    std::uint64_t dropped = 0;
    for (std::size_t reason = 0; reason < kDropReasonCount; ++reason)
      dropped += site_.metrics.dropped(static_cast<DropReason>(reason));
    return dropped;
  }

  SimulatedSite site_;
  std::shared_ptr<std::string> text_;
  std::map<TimeMs, int> times_;
};

TEST_F(SpooledWriterTest, WhatWaitedThroughAnOutageComesOnceAndInOrder) {
  ASSERT_TRUE(site_.Apply(Yaml()));
  site_.RunFor(minutes(1));
  IsAway(true);
  site_.RunFor(minutes(60));
  Collect();
  const std::size_t before = times_.size();
  IsAway(false);
  site_.RunFor(minutes(2));
  ExpectWhole();
  EXPECT_GE(times_.size(), before + 360);
  EXPECT_EQ(Dropped(), 0U);
}

TEST_F(SpooledWriterTest, AKillLosesNothing) {
  ASSERT_TRUE(site_.Apply(Yaml()));
  IsAway(true);
  site_.RunFor(minutes(10));
  site_.Kill();
  ASSERT_TRUE(site_.Apply(Yaml()));
  site_.RunFor(minutes(10));
  site_.Kill();
  IsAway(false);
  ASSERT_TRUE(site_.Apply(Yaml()));
  site_.RunFor(minutes(1));
  ExpectWhole();
  EXPECT_GE(times_.size(), 120U);
}

TEST_F(SpooledWriterTest, APowerCutTakesWhatWasNotCommittedAtMost) {
  ASSERT_TRUE(site_.Apply(Yaml()));
  IsAway(true);
  site_.RunFor(minutes(10));
  site_.Kill();
  site_.fs.Crash({.unsynced = io::CrashPolicy::Unsynced::kLost, .seed = 1});
  IsAway(false);
  ASSERT_TRUE(site_.Apply(Yaml()));
  site_.RunFor(seconds(5));
  Collect();
  EXPECT_GE(times_.size(), 59U);
  for (const auto& [time_ms, count] : times_)
    EXPECT_EQ(count, 1) << time_ms;
}

TEST_F(SpooledWriterTest, AShutdownLeavesItForTheNextStart) {
  ASSERT_TRUE(site_.Apply(Yaml()));
  IsAway(true);
  site_.RunFor(minutes(5));
  site_.Shutdown(seconds(5));
  EXPECT_EQ(Dropped(), 0U);
  site_.Kill();
  IsAway(false);
  ASSERT_TRUE(site_.Apply(Yaml()));
  site_.RunFor(seconds(2));
  Collect();
  EXPECT_GE(times_.size(), 30U);
  EXPECT_EQ(Dropped(), 0U);
}

TEST_F(SpooledWriterTest, AReceiverThatKnowsOneOnlyGetsWhatWaited) {
  ASSERT_TRUE(site_.Apply(Yaml()));
  IsAway(true);
  site_.RunFor(minutes(5));
  site_.answer = [this](const http::Request& request) {
    const bool is_v2 = request.headers.Get("Content-Type") == wire::kRemoteWriteV2ContentType;
    return http::Response{.status = is_v2 ? 415 : 204};
  };
  site_.RunFor(minutes(2));
  ExpectWhole();
  EXPECT_GE(times_.size(), 30U);
  EXPECT_EQ(Dropped(), 0U);
}

TEST_F(SpooledWriterTest, PastTheBudgetTheOldestGoAndAreCounted) {
  text_->clear();
  for (int i = 0; i < 3000; ++i)
    *text_ += fmt::format("m{}{{label=\"{}\"}} {}\n", i * 7919, i * 104729, i);
  *text_ += "kills 1\n";
  ASSERT_TRUE(
      site_.Apply(Yaml("    spool: {directory: /spool/receiver, segment_bytes: 64KiB, bytes_max: 1MiB}\n")));
  IsAway(true);
  site_.RunFor(minutes(30));
  IsAway(false);
  site_.RunFor(minutes(1));
  Collect();
  const std::string metrics = site_.registry.RenderText();
  const std::string key = "class=\"metrics\",reason=\"budget\"} ";
  const std::size_t at = metrics.find(key);
  ASSERT_NE(at, std::string::npos) << metrics.substr(metrics.find("tickscope_spool"));
  const std::uint64_t lost = std::stoull(metrics.substr(at + key.size()));
  EXPECT_GT(lost, 0U);
  // All that was scraped came or was counted; a scrape says five things besides.
  const std::uint64_t scrapes = times_.size() + lost / (3001 + 5);
  EXPECT_EQ(lost % (3001 + 5), 0U);
  EXPECT_GE(scrapes, 186U);
  EXPECT_LE(scrapes, 187U);
}

TEST_F(SpooledWriterTest, ADirectoryThatIsTakenIsSaid) {
  ASSERT_TRUE(site_.Apply(Yaml()));
  const auto lock = site_.fs.LockDirectory("/spool/receiver");
  EXPECT_FALSE(lock);
  const Status other = site_.Apply(Yaml("    timeout: 1s\n    spool: {directory: /spool/receiver}\n"));
  EXPECT_FALSE(other);
}

TEST_F(SpooledWriterTest, AReceiverWithASpoolHasOneShard) {
  const Status refused = site_.Apply(Yaml("    shards: 2\n    spool: {directory: /spool/receiver}\n"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("one shard"));
}

}  // namespace
}  // namespace tickscope::agent
