// A directory of SDK pages as the receiver sees it: what arrives of a game server that lives, ends in order, is killed, is
// replaced, and of files that were put there to mislead.
//
// The SDK itself makes the pages; copies of them, with another pid and mended checksums, are the other game servers. Which
// processes run is what a test says. Real kills are tests/blackbox/test_sdk_agent.py's.
#include "agent/page_directory.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <tickscope/tickscope.hpp>
#include <vector>

#include "agent/simulated_site_test.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "io/posix_file_system.h"
#include "schema/schema_reader.h"

namespace tickscope::agent {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::uint64_t kPid = 70'001;
constexpr std::uint64_t kStart = 555;

class PageDirectoryTest : public ::testing::Test {
 protected:
  // One page for all: the SDK is one a process.
  static void SetUpTestSuite() {
    static const std::string directory = ::testing::TempDir() + "tickscope-agent-sdk";
    fs::create_directories(directory);
    sdk::Options options;
    options.directory = directory.c_str();
    options.cells_max = 512;
    options.shards_max = 4;
    options.directory_bytes = 4096;
    options.exemplars_max = 4;
    ASSERT_EQ(sdk::Start(options), TS_OK) << sdk::LastError();
    sdk::RegisterCounters({"kills_total", "Kills."}, {{"mode", {"solo", "team"}}}).At(1U).Add(7);
    sdk::RegisterGauges({"players", "Players."}).At().Set(3);
    sdk::RegisterUpDowns({"balance", "Balance."}).At().Add(-2);
    const sdk::Histogram wait =
        sdk::RegisterHistograms({"wait_seconds", "Wait.", "seconds"}, {1, 2}, {}, sdk::Exemplars::kNewest)
            .At();
    wait.Observe(0.5);
    wait.ObserveTraced(1.5, {{0xAB}}, {{0xCD}});
    wait.Observe(9);
    sdk::RegisterExponential({"rtt_seconds", "Round trip.", "seconds"}).At().Observe(1);
  }
  static void TearDownTestSuite() { sdk::Stop(); }

  void SetUp() override {
    directory_ = ::testing::TempDir() + "tickscope-agent-pages";
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    page_ = ReadFile(ts_page_path());
  }
  void TearDown() override { fs::remove_all(directory_); }

  static std::string ReadFile(const std::string& path) {
    return io::ReadWholeFile(*io::MakePosixFileSystem(), path, 10 << 20).value();
  }

  // The SDK's page as that of another process.
  std::string PageOf(std::uint64_t pid, std::uint64_t start = kStart) const {
    std::string page = page_;
    auto* const at = reinterpret_cast<std::byte*>(page.data());
    codec::StoreFixed(pid, at + 64);
    codec::StoreFixed(start, at + 72);
    codec::StoreFixed(std::uint64_t{SimulatedSite::kStartMs - 5000} * 1'000'000, at + 80);
    codec::StoreFixed(std::uint64_t{SimulatedSite::kStartMs - 1000} * 1'000'000, at + 160);
    codec::StoreFixed(codec::Crc32c(AsBytes(std::string_view(page).substr(16, 112))), at + 12);
    return page;
  }
  [[nodiscard]] std::string PathOf(std::uint64_t pid) const {
    return fmt::format("{}/game.{}.tspage", directory_, pid);
  }
  static void Write(const std::string& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  // A counter's value moves, as in a game that lives: kills_total{mode="team"}, a cell of shard 1.
  void Bump(std::uint64_t pid) const {
    std::string page = ReadFile(PathOf(pid));
    const auto shards_at = codec::LoadFixed<std::uint64_t>(reinterpret_cast<std::byte*>(page.data()) + 40);
    const auto cell_at = static_cast<std::streamoff>(shards_at + 9 * 8);
    std::fstream file(PathOf(pid), std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(cell_at);
    std::uint64_t count = 0;
    file.read(reinterpret_cast<char*>(&count), sizeof count);
    ++count;
    file.seekp(cell_at);
    file.write(reinterpret_cast<const char*>(&count), sizeof count);
  }
  // A live game server's page.
  void AddServer(SimulatedSite& site, std::uint64_t pid) const {
    Write(PathOf(pid), PageOf(pid));
    site.processes.running.insert({pid, kStart});
  }

  [[nodiscard]] std::string Yaml(std::string_view more = "") const {
    return fmt::format(
        "global: {{external_labels: {{region: eu}}}}\n"
        "sdk_pages:\n  - directory: {}\n{}"
        "remote_write:\n  - url: http://receiver:9280/api/v1/write\n",
        directory_, more);
  }

  static std::uint64_t Refused(SimulatedSite& site, PageRefusal reason) {
    return site.metrics.pages_refused(reason).value();
  }

  std::string directory_;
  std::string page_;
};

// "name{labels without job, instance and region} = value", of one read.
std::vector<std::string> Lines(const std::vector<Arrived>& all, std::string_view instance) {
  std::vector<std::string> out;
  const std::string own = fmt::format("instance=\"{}\", job=\"game\"", instance);
  for (const Arrived& one : all) {
    std::string series = one.series;
    const std::size_t at = series.find(own);
    if (at == std::string::npos || series.starts_with("tickscope_sdk_refused")) continue;
    series.erase(at, own.size());
    const std::size_t region = series.find("region=\"eu\"");
    if (region != std::string::npos) series.erase(region, 11);
    std::erase(series, ' ');
    out.push_back(series + " = " + one.value);
  }
  return out;
}

std::vector<std::string> ValuesOf(const std::vector<Arrived>& all, std::string_view name) {
  std::vector<std::string> out;
  for (const Arrived& one : all)
    if (one.series.starts_with(std::string(name) + "{")) out.push_back(one.value);
  return out;
}

TEST_F(PageDirectoryTest, APageArrivesAsAScrapeWould) {
  SimulatedSite site;
  AddServer(site, kPid);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  const std::vector<Arrived> arrived = site.TakeArrived();
  EXPECT_THAT(
      Lines(arrived, "game.70001"),
      UnorderedElementsAre("up{,} = 1.0", "tickscope_page_heartbeat_timestamp_seconds{,} = 1.699999999e+09",
                           "kills_total{,mode=\"solo\",} = 0.0", "kills_total{,mode=\"team\",} = 7.0",
                           "players{,} = 3.0", "balance{,} = -2.0", "wait_seconds_count{,} = 3.0",
                           "wait_seconds_sum{,} = 11.0", "wait_seconds_bucket{,le=\"1.0\",} = 1.0",
                           "wait_seconds_bucket{,le=\"2.0\",} = 2.0",
                           "wait_seconds_bucket{,le=\"+Inf\",} = 3.0", "rtt_seconds{,} = histogram 1"));
  EXPECT_EQ(
      site.metadata_types["kills_total{instance=\"game.70001\", job=\"game\", mode=\"solo\", region=\"eu\"}"],
      "counter");
  EXPECT_EQ(site.metadata_types["players{instance=\"game.70001\", job=\"game\", region=\"eu\"}"], "gauge");
  // Counters and histograms began with the page.
  EXPECT_EQ(site.starts_ms["wait_seconds_count{instance=\"game.70001\", job=\"game\", region=\"eu\"}"],
            SimulatedSite::kStartMs - 5000);
  EXPECT_FALSE(site.starts_ms.contains("players{instance=\"game.70001\", job=\"game\", region=\"eu\"}"));
}

constexpr std::string_view kOneMetric = R"(
schema: game
version: "1.0"
defaults: {owner: lobby, class: ops, cadence: 10s}
target_labels:
  region: {values: [eu], help: Where.}
metrics:
  - {name: players, type: gauge, help: Players.}
)";

TEST_F(PageDirectoryTest, WhatTheGuardRefusesStaysInThePage) {
  SimulatedSite site;
  const auto rules = [](guard::GuardMode mode) {
    guard::GuardOptions options{.mode = mode};
    options.schema = schema::ReadSchema(kOneMetric, "game.yaml").value();
    return options;
  };
  const auto guard = guard::Guard::Make(rules(guard::GuardMode::kEnforce), site.clock, site.registry).value();
  site.guard = guard.get();
  AddServer(site, kPid);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  EXPECT_THAT(
      Lines(site.TakeArrived(), "game.70001"),
      UnorderedElementsAre("up{,} = 1.0", "tickscope_page_heartbeat_timestamp_seconds{,} = 1.699999999e+09",
                           "players{,} = 3.0"));
  EXPECT_EQ(site.metrics.dropped(DropReason::kGuard), 16U);  // Nine of Lines, and the SDK's seven refusals.
  // Other rules are asked at the next read,
  ASSERT_TRUE(guard->Replace(rules(guard::GuardMode::kOff)).has_value());
  site.RunFor(seconds(10));
  EXPECT_EQ(Lines(site.TakeArrived(), "game.70001").size(), 12U);
  // and what they refuse ends with a marker, once.
  ASSERT_TRUE(guard->Replace(rules(guard::GuardMode::kEnforce)).has_value());
  site.RunFor(seconds(20));
  const std::vector<std::string> ended = Lines(site.TakeArrived(), "game.70001");
  EXPECT_EQ(std::ranges::count_if(ended, [](const std::string& line) { return line.contains("stale"); }), 9);
  EXPECT_EQ(ended.size(), 9U + 2 * 3);
  EXPECT_EQ(site.metrics.dropped(DropReason::kGuard), 16U * 3);
  site.agent.reset();
}

TEST_F(PageDirectoryTest, ValuesMoveAtAnEvenStepAndTheOrderStays) {
  SimulatedSite site;
  AddServer(site, kPid);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  const std::vector<Arrived> first = site.TakeArrived();
  Bump(kPid);
  site.RunFor(seconds(10));
  const std::vector<Arrived> second = site.TakeArrived();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(second[i].series, first[i].series);
    EXPECT_EQ(second[i].time_ms, first[i].time_ms + 10'000);
  }
  EXPECT_THAT(ValuesOf(second, "kills_total"), ElementsAre("0.0", "8.0"));
}

TEST_F(PageDirectoryTest, WithoutNativeHistogramsTheyHaveABucketAnOctave) {
  SimulatedSite site;
  AddServer(site, kPid);
  ASSERT_TRUE(site.Apply(Yaml("    native_histograms: false\n")).has_value());
  site.RunFor(seconds(10));
  const std::vector<std::string> buckets = ValuesOf(site.TakeArrived(), "rtt_seconds_bucket");
  // 2^-20 to 2^12, and infinity; 1 = 2^0 is the twenty-first.
  ASSERT_EQ(buckets.size(), 34U);
  EXPECT_EQ(buckets[19], "0.0");
  EXPECT_EQ(buckets[20], "1.0");
  EXPECT_EQ(buckets[33], "1.0");
}

TEST_F(PageDirectoryTest, AKilledServersLastValuesArriveThenItsSeriesEndAndItsPageGoes) {
  SimulatedSite site;
  AddServer(site, kPid);
  AddServer(site, kPid + 1);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  (void)site.TakeArrived();
  Bump(kPid);
  site.processes.running.erase({kPid, kStart});
  site.RunFor(seconds(10));
  std::vector<Arrived> arrived = site.TakeArrived();
  EXPECT_THAT(ValuesOf(arrived, "kills_total"), ElementsAre("0.0", "8.0", "0.0", "7.0"));
  EXPECT_THAT(ValuesOf(arrived, "up"), ElementsAre("0.0", "1.0"));
  EXPECT_TRUE(fs::exists(PathOf(kPid)));
  site.RunFor(seconds(10));
  arrived = site.TakeArrived();
  EXPECT_THAT(ValuesOf(arrived, "kills_total"), ElementsAre("stale", "stale", "0.0", "7.0"));
  EXPECT_THAT(ValuesOf(arrived, "rtt_seconds"), ElementsAre("stale histogram", "histogram 1"));
  EXPECT_FALSE(fs::exists(PathOf(kPid)));
  EXPECT_TRUE(fs::exists(PathOf(kPid + 1)));
  site.RunFor(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("1.0"));
  EXPECT_EQ(site.metrics.pages_crashed->value(), 1U);
  EXPECT_EQ(site.metrics.pages_removed->value(), 1U);
  EXPECT_EQ(site.metrics.pages->value(), 1);
}

TEST_F(PageDirectoryTest, APidThatIsUsedAgainOwnsNothing) {
  SimulatedSite site;
  Write(PathOf(kPid), PageOf(kPid));
  site.processes.running.insert({kPid, kStart + 1});
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(20));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("0.0", "stale"));
  EXPECT_FALSE(fs::exists(PathOf(kPid)));
}

TEST_F(PageDirectoryTest, APageWhoseValuesMoveStaysWhateverItsPid) {
  SimulatedSite site;
  Write(PathOf(kPid), PageOf(kPid));  // In another pid namespace, say.
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  for (int i = 0; i < 5; ++i) {
    Bump(kPid);
    site.RunFor(seconds(10));
  }
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("0.0", "0.0", "0.0", "0.0", "0.0"));
  EXPECT_TRUE(fs::exists(PathOf(kPid)));
}

TEST_F(PageDirectoryTest, AnAgentThatStartsAnewReadsTheDeadAndRemovesThem) {
  SimulatedSite site;
  AddServer(site, kPid);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  (void)site.Shutdown(seconds(10));
  EXPECT_TRUE(fs::exists(PathOf(kPid)));
  SimulatedSite next;  // The process died while nobody looked.
  ASSERT_TRUE(next.Apply(Yaml()).has_value());
  next.RunFor(seconds(20));
  const std::vector<Arrived> arrived = next.TakeArrived();
  EXPECT_THAT(ValuesOf(arrived, "kills_total"), ElementsAre("0.0", "7.0", "stale", "stale"));
  EXPECT_FALSE(fs::exists(PathOf(kPid)));
}

TEST_F(PageDirectoryTest, ShutdownAndReloadEndSeriesAndLeavePages) {
  SimulatedSite site;
  AddServer(site, kPid);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  (void)site.TakeArrived();
  ASSERT_TRUE(site.Apply(Yaml()).has_value());  // As it was: nothing ends.
  EXPECT_THAT(site.TakeArrived(), IsEmpty());
  ASSERT_TRUE(site.Apply(Yaml("    labels: {fleet: one}\n")).has_value());
  site.RunFor(std::chrono::milliseconds(1));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("stale"));
  site.RunFor(seconds(10));
  EXPECT_THAT(site.TakeArrived().front().series, HasSubstr("fleet=\"one\""));
  (void)site.Shutdown(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "kills_total"), ElementsAre("stale", "stale"));
  EXPECT_TRUE(fs::exists(PathOf(kPid)));
}

TEST_F(PageDirectoryTest, AnUnlinkedPageIsReadOnceMore) {
  SimulatedSite site;
  AddServer(site, kPid);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  (void)site.TakeArrived();
  Bump(kPid);
  fs::remove(PathOf(kPid));  // As ts_stop(0) does.
  site.RunFor(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "kills_total"), ElementsAre("0.0", "8.0"));
  site.RunFor(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "kills_total"), ElementsAre("stale", "stale"));
  site.RunFor(seconds(10));
  EXPECT_THAT(site.TakeArrived(), IsEmpty());
}

TEST_F(PageDirectoryTest, AReplacedPageIsAnotherOneAndNoTimeHasTwoSamples) {
  SimulatedSite site;
  AddServer(site, kPid);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  (void)site.TakeArrived();
  Write(PathOf(kPid) + ".new", PageOf(kPid));
  fs::rename(PathOf(kPid) + ".new", PathOf(kPid));
  site.RunFor(seconds(30));
  const std::vector<Arrived> arrived = site.TakeArrived();
  EXPECT_THAT(ValuesOf(arrived, "up"), ElementsAre("1.0", "stale", "1.0"));
  std::set<std::pair<std::string, TimeMs>> seen;
  for (const Arrived& one : arrived)
    EXPECT_TRUE(seen.insert({one.series, one.time_ms}).second) << one.series;
}

TEST_F(PageDirectoryTest, InstanceByNameReadsOneOfTwoAndHandsOver) {
  SimulatedSite site;
  AddServer(site, kPid);
  AddServer(site, kPid + 1);
  ASSERT_TRUE(site.Apply(Yaml("    instance: name\n")).has_value());
  site.RunFor(seconds(10));
  EXPECT_THAT(Lines(site.TakeArrived(), "game"), ::testing::SizeIs(12));
  EXPECT_EQ(Refused(site, PageRefusal::kSameName), 1U);
  site.processes.running.erase({kPid, kStart});
  site.RunFor(seconds(40));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("0.0", "stale", "1.0", "1.0"));
  EXPECT_EQ(Refused(site, PageRefusal::kSameName), 1U);
}

TEST_F(PageDirectoryTest, WhatIsNoPageIsRefusedByReasonAndOthersDoNotNotice) {
  SimulatedSite site;
  AddServer(site, kPid);
  const std::string good = PageOf(kPid + 1);
  std::string newer = good;
  newer[8] = 2;
  std::string torn = PageOf(kPid + 2);
  torn[4096 + 50] ^= 1;
  Write(directory_ + "/newer.1.tspage", newer);
  Write(PathOf(kPid + 2), torn);
  Write(directory_ + "/cut.1.tspage", std::string_view(good).substr(0, 5000));
  Write(directory_ + "/empty.1.tspage", "");
  Write(directory_ + "/game.99999.tspage", good);  // Speaks of another process.
  Write(directory_ + "/other.txt", "nothing to us");
  const std::string elsewhere = directory_ + "-elsewhere";
  fs::create_directories(elsewhere);
  Write(elsewhere + "/page", good);
  fs::create_symlink(elsewhere + "/page", PathOf(kPid + 1));
  fs::create_directories(directory_ + "/directory.1.tspage");
  ASSERT_EQ(::mkfifo((directory_ + "/pipe.1.tspage").c_str(), 0600), 0);  // Nobody will ever write to it.
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("1.0"));
  EXPECT_EQ(Refused(site, PageRefusal::kVersion), 1U);
  EXPECT_EQ(Refused(site, PageRefusal::kCorrupt), 3U);
  EXPECT_EQ(Refused(site, PageRefusal::kMisnamed), 1U);
  EXPECT_EQ(Refused(site, PageRefusal::kNotAFile), 3U);
  site.RunFor(seconds(20));
  EXPECT_TRUE(fs::exists(elsewhere + "/page"));
  EXPECT_TRUE(fs::is_symlink(PathOf(kPid + 1)));
  EXPECT_TRUE(fs::exists(PathOf(kPid + 2)));
  fs::remove_all(elsewhere);
}

TEST_F(PageDirectoryTest, APageTornWhileItIsReadEndsItsSeriesAndMayComeBack) {
  SimulatedSite site;
  AddServer(site, kPid);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  (void)site.TakeArrived();
  fs::resize_file(PathOf(kPid), 6000);
  site.RunFor(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("stale"));
  EXPECT_EQ(Refused(site, PageRefusal::kCorrupt), 1U);
  Write(PathOf(kPid), PageOf(kPid));
  site.RunFor(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("1.0"));
}

TEST_F(PageDirectoryTest, LimitsRefuseFurtherPages) {
  struct Case {
    const char* setting;
    PageRefusal reason;
  };
  // A page has 19 series here: seven refusals of the SDK and those of Lines.
  const Case cases[] = {{"    page_limit: 2\n", PageRefusal::kPageLimit},
                        {"    series_limit: 38\n", PageRefusal::kSeriesLimit}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.setting);
    SimulatedSite site;
    for (std::uint64_t i = 0; i < 3; ++i)
      AddServer(site, kPid + i);
    ASSERT_TRUE(site.Apply(Yaml(c.setting)).has_value());
    site.RunFor(seconds(20));
    EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("1.0", "1.0", "1.0", "1.0"));
    EXPECT_EQ(Refused(site, c.reason), 2U);
  }
}

TEST_F(PageDirectoryTest, MemoryIsBoundedWhateverAPageClaims) {
  SimulatedSite site;
  AddServer(site, kPid);
  std::string vast = PageOf(kPid + 1);
  // 4,096 cells of each of 512 shards in use: 16 MB a read, of a file that is one hole.
  auto* const at = reinterpret_cast<std::byte*>(vast.data());
  const auto shards_at = codec::LoadFixed<std::uint64_t>(at + 40);
  codec::StoreFixed<std::uint64_t>(shards_at + 512ULL * 32'768, at + 16);
  codec::StoreFixed<std::uint64_t>(32'768, at + 48);
  codec::StoreFixed<std::uint32_t>(4096, at + 56);
  codec::StoreFixed<std::uint32_t>(512, at + 60);
  codec::StoreFixed(codec::Crc32c(AsBytes(std::string_view(vast).substr(16, 112))), at + 12);
  codec::StoreFixed<std::uint32_t>(4096, at + 144);
  codec::StoreFixed<std::uint32_t>(512, at + 152);
  Write(PathOf(kPid + 1), vast);
  fs::resize_file(PathOf(kPid + 1), shards_at + 512ULL * 32'768);
  ASSERT_TRUE(site.Apply(Yaml("    memory_limit: 8MiB\n")).has_value());
  site.RunFor(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("1.0"));
  EXPECT_EQ(Refused(site, PageRefusal::kTooLarge), 1U);
}

TEST_F(PageDirectoryTest, WhatIsNotRemovedIsNotSentAgain) {
  SimulatedSite site;
  Write(PathOf(kPid), PageOf(kPid));
  ASSERT_TRUE(site.Apply(Yaml("    remove_ended: false\n")).has_value());
  site.RunFor(seconds(50));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("0.0", "stale"));
  EXPECT_TRUE(fs::exists(PathOf(kPid)));
  EXPECT_EQ(site.metrics.pages_removed->value(), 0U);
  // Another file of that name is another page.
  fs::remove(PathOf(kPid));
  site.RunFor(seconds(10));
  AddServer(site, kPid);
  site.RunFor(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("1.0"));
}

TEST_F(PageDirectoryTest, NoDirectoryIsNoErrorAndALinkIsNone) {
  SimulatedSite site;
  fs::remove_all(directory_);
  ASSERT_TRUE(site.Apply(Yaml()).has_value());
  site.RunFor(seconds(10));
  EXPECT_THAT(site.TakeArrived(), IsEmpty());
  EXPECT_EQ(Refused(site, PageRefusal::kNotAFile), 0U);
  const std::string elsewhere = directory_ + "-elsewhere";
  fs::create_directories(elsewhere);
  fs::create_symlink(elsewhere, directory_);
  site.RunFor(seconds(10));
  EXPECT_EQ(Refused(site, PageRefusal::kNotAFile), 1U);
  fs::remove(directory_);
  fs::create_directories(directory_);
  AddServer(site, kPid);
  site.RunFor(seconds(10));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "up"), ElementsAre("1.0"));
  fs::remove_all(elsewhere);
}

}  // namespace
}  // namespace tickscope::agent
