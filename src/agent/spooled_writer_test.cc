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
#include "wire/delivery_headers.h"

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

// A gateway as agents see it: it takes each numbered push once, is away for stretches, and loses answers.
class ForgetfulGateway {
 public:
  explicit ForgetfulGateway(SeededRandom& random) : random_(random) {}

  http::Response Answer(const http::Request& request) {
    const std::string delivery(request.headers.Get(wire::kDeliveryHeader));
    EXPECT_NE(delivery, "");
    http::Response taken{.status = 204};
    taken.headers.Set(wire::kSamplesWrittenHeader, "1000000");
    if (is_away) return {.status = 503};
    if (done.contains(delivery)) {
      ++duplicates;
      taken.headers.Set(wire::kDuplicateHeader, "1");
      return taken;
    }
    // Killed after it was written: the agent hears nothing, and the site counts it when it comes again.
    if (unheard.erase(delivery) == 0 && random_.Below(10) == 0) {
      unheard.insert(delivery);
      return {.status = 502};
    }
    done.insert(delivery);
    return taken;
  }

  bool is_away = false;
  std::set<std::string> done;
  std::set<std::string> unheard;  // Written, and the agent was not told yet.
  std::uint64_t duplicates = 0;

 private:
  SeededRandom& random_;
};

TEST_F(SpooledWriterTest, ADayWithoutGatewayAndKillsOfBothEndLeaveALedgerThatIsWhole) {
  for (int i = 0; i < 300; ++i)
    *text_ += fmt::format("m{} {}\n", i, i);
  SeededRandom random(17);
  ForgetfulGateway gateway(random);
  site_.answer = [&](const http::Request& request) { return gateway.Answer(request); };
  const std::string yaml =
      Yaml("    spool: {directory: /spool/receiver, bytes_max: 1GiB, commit_interval: 8s}\n");
  ASSERT_TRUE(site_.Apply(yaml));
  int kills = 0;
  const auto live = [&](std::chrono::milliseconds period) {
    const TimeMs until_ms = site_.clock.NowMs() + period.count();
    while (site_.clock.NowMs() < until_ms) {
      site_.RunFor(std::chrono::milliseconds(random.Below(1'200'000)));
      site_.Kill();
      ++kills;
      ASSERT_TRUE(site_.Apply(yaml));
    }
  };
  live(std::chrono::hours(1));
  gateway.is_away = true;
  live(std::chrono::hours(24));
  gateway.is_away = false;
  live(std::chrono::hours(1));
  site_.RunFor(minutes(5));
  ExpectWhole();
  EXPECT_GE(times_.size(), 26U * 360U);
  EXPECT_TRUE(gateway.unheard.empty()) << "what was written came again, under its own number";
  EXPECT_EQ(Dropped(), 0U);
  EXPECT_GT(kills, 60);
  EXPECT_GT(gateway.duplicates, 0U) << "none was delivered right before a kill: the test sees nothing";
}

TEST_F(SpooledWriterTest, AnotherReceiverIsTakenUpWithWhatWaits) {
  ASSERT_TRUE(site_.Apply(Yaml()));
  site_.RunFor(minutes(1));
  IsAway(true);
  site_.RunFor(minutes(10));
  // The receiver moves, and its spool goes with it.
  std::vector<std::string> tokens;
  site_.answer = [&](const http::Request& request) {
    tokens.emplace_back(request.headers.Get("X-Which"));
    return http::Response{.status = tokens.back() == "new" ? 204 : 503};
  };
  ASSERT_TRUE(site_.Apply(Yaml(fmt::format("    headers: {{X-Which: new}}\n    protocol: rw1\n{}", kSpool))));
  site_.RunFor(minutes(1));
  ExpectWhole();
  EXPECT_GE(times_.size(), 66U);
  EXPECT_EQ(Dropped(), 0U);
  const Status other = site_.Apply(Yaml("    spool: {directory: /spool/receiver, bytes_max: 512MiB}\n"));
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, testing::HasSubstr("restart"));
}

TEST_F(SpooledWriterTest, WhoIsNotKnownYetWaits) {
  ASSERT_TRUE(site_.Apply(Yaml()));
  site_.answer = [](const http::Request&) { return http::Response{.status = 401}; };
  site_.RunFor(minutes(10));
  IsAway(false);
  site_.RunFor(minutes(2));
  ExpectWhole();
  EXPECT_GE(times_.size(), 60U);
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
  ASSERT_TRUE(site_.fs.CreateDirectories("/spool/receiver"));
  const auto lock = site_.fs.LockDirectory("/spool/receiver");
  ASSERT_TRUE(lock);
  EXPECT_FALSE(site_.Apply(Yaml()));
}

TEST_F(SpooledWriterTest, AReceiverWithASpoolHasOneShard) {
  const Status refused = site_.Apply(Yaml("    shards: 2\n    spool: {directory: /spool/receiver}\n"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("one shard"));
}

}  // namespace
}  // namespace tickscope::agent
