// The tiers as a whole: blocks on their way through an object store that fails, lists what was true a while ago and forgets
// answers; through restarts, merges, expiry and deletes. At any moment a query sees every sample once: a plain map says which.
#include "tier/tier_worker.h"

#include <algorithm>

#include "tier/tier_world_test.h"

namespace tickscope::tier {
namespace {

constexpr TimeMs kStart = 20'000 * kDayMs;  // Midnight.

Labels Server(int number) {
  return Labels{{"__name__", "game_ticks_total"}, {"server", "s-" + std::to_string(number)}};
}

// Samples of `servers` counters in [from, until), one every two minutes, at odd milliseconds.
Series Counters(TimeMs from_ms, TimeMs until_ms, int servers) {
  Series series;
  for (TimeMs time_ms = from_ms + 4'321; time_ms < until_ms; time_ms += kCadenceMs) {
    for (int i = 0; i < servers; ++i)
      series[Server(i)][time_ms] = static_cast<double>((time_ms - kStart) / 1000 * (i + 1));
  }
  return series;
}

void Merge(const Series& from, Series& into) {
  for (const auto& [labels, samples] : from)
    into[labels].insert(samples.begin(), samples.end());
}

Series Cut(const Series& series, TimeMs start_ms, TimeMs end_ms) {
  Series cut;
  for (const auto& [labels, samples] : series) {
    for (auto at = samples.lower_bound(start_ms); at != samples.end() && at->first <= end_ms; ++at)
      cut[labels].insert(*at);
  }
  return cut;
}

// Gives the store the first day, and returns it.
Series FillDay(TierWorld& world, int servers) {
  Series all;
  for (int i = 0; i < 12; ++i) {
    const TimeMs from_ms = kStart + i * kBlockMs + 1;
    const Series series = Counters(from_ms, from_ms + kBlockMs, servers);
    world.store_.Add(from_ms, from_ms + kBlockMs, series, static_cast<std::uint64_t>(i));
    Merge(series, all);
  }
  return all;
}

TierOptions Quick() {
  TierOptions options;
  options.hot_ms = 6 * kHourMs;
  options.grace_ms = kHourMs;
  return options;
}

TEST(TierWorker, ADayMovesIsMergedAndLeavesTheMachine) {
  TierWorld world(1, kStart, objstore::FaultProfile::None(), Quick());
  Series all;
  for (int i = 0; i < 14; ++i) {
    const TimeMs from_ms = kStart + i * kBlockMs + 1;
    const Series series = Counters(from_ms, from_ms + kBlockMs, 3);
    world.store_.Add(from_ms, from_ms + kBlockMs, series, static_cast<std::uint64_t>(i));
    Merge(series, all);
    world.clock_.JumpTo(from_ms + kBlockMs + 600'000);
    world.Round();
    ASSERT_EQ(world.Read(0, INT64_MAX), all) << i;
    // The first day is one block by then; what it was made of waits for the grace period to end.
    const std::size_t objects = world.Objects("metrics/raw/default/").size();
    EXPECT_TRUE(i != 12 || objects == 12U + 1U + 1U) << objects;
  }
  world.Round();
  EXPECT_EQ(world.Objects("metrics/raw/default/").size(), 1U + 2U);
  // Six aggregates of all resolutions, of a day and of two blocks.
  EXPECT_EQ(world.Objects("metrics/1m/default/").size(), 6U * 3);
  EXPECT_EQ(world.Objects("metrics/5m/default/").size(), 6U * 3);
  EXPECT_EQ(world.Objects("metrics/1h/default/").size(), 6U * 3);
  // The machine keeps what is younger than six hours.
  EXPECT_LE(world.store_.Blocks().size(), 4U);
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
  world.Restart();
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
}

// Blocks that share an hour have windows of minutes only, and are handed over all the same.
TEST(TierWorker, HalvesOfHoursHaveNoHours) {
  TierWorld world(2, kStart, objstore::FaultProfile::None(), Quick());
  Series all;
  for (int i = 0; i < 4; ++i) {
    const TimeMs from_ms = kStart + i * kHourMs / 2 + 1;
    const Series series = Counters(from_ms, from_ms + kHourMs / 2, 2);
    world.store_.Add(from_ms, from_ms + kHourMs / 2, series, static_cast<std::uint64_t>(i));
    Merge(series, all);
  }
  world.clock_.JumpTo(kStart + 10 * kHourMs);
  for (int i = 0; i < 3; ++i)
    world.Round();
  EXPECT_EQ(world.Objects("metrics/5m/default/").size(), 6U * 4);
  EXPECT_TRUE(world.Objects("metrics/1h/default/").empty());
  EXPECT_TRUE(world.store_.Blocks().empty());
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
}

TEST(TierWorker, BadDaysLoseAndDoubleNothing) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    SCOPED_TRACE(seed);
    TierWorld world(seed, kStart, objstore::FaultProfile(), Quick());
    Series all;
    std::uint64_t cut = 0;
    for (int i = 0; i < 30; ++i) {
      const TimeMs from_ms = kStart + i * kBlockMs + 1;
      Series series = Counters(from_ms, from_ms + kBlockMs, 3);
      world.store_.Add(from_ms, from_ms + kBlockMs, series, cut++);
      Merge(series, all);
      if (world.random_.Below(4) == 0) {
        // Stragglers of the window before, in a block of their own.
        Series late;
        const TimeMs late_from_ms = from_ms - kBlockMs;
        for (int s = 0; s < 3; ++s)
          late[Server(s)][late_from_ms + 10'000 + static_cast<TimeMs>(world.random_.Below(1000)) * 1000 + s] =
              s;
        for (auto& [labels, samples] : late) {
          std::erase_if(samples, [&](const auto& sample) { return all[labels].contains(sample.first); });
        }
        std::erase_if(late, [](const auto& one) { return one.second.empty(); });
        if (!late.empty()) {
          world.store_.Add(late_from_ms, late_from_ms + kBlockMs, late, cut++);
          Merge(late, all);
        }
      }
      world.clock_.JumpTo(std::max(world.clock_.NowMs(), from_ms + kBlockMs + 600'000));
      // Rounds that may end anywhere, queries between them, and a kill now and then.
      for (std::uint64_t round = world.random_.Below(3); round > 0; --round) {
        static_cast<void>(world.worker_->Round());
        Series seen;
        const bool is_answered = world.TryRead(0, INT64_MAX, seen);
        ASSERT_TRUE(!is_answered || seen == all) << i;
        if (world.random_.Below(5) == 0) world.Restart();
      }
      if (world.random_.Below(3) == 0) world.clock_.Advance(std::chrono::minutes(90));
    }
    EXPECT_GT(world.faulty_.fault_count(), 100U);
    world.faulty_.SetProfile(objstore::FaultProfile::None());
    for (int i = 0; i < 6; ++i) {
      world.Round();
      ASSERT_EQ(world.Read(0, INT64_MAX), all);
      world.clock_.Advance(std::chrono::hours(5));
    }
    // Caught up: nothing is left to upload or to merge, and the machine holds no more than it should.
    EXPECT_EQ(world.worker_->Status().blocks_to_upload, 0U);
    EXPECT_EQ(world.worker_->Status().merges_pending, 0U);
    EXPECT_TRUE(world.store_.Blocks().empty());
  }
}

TEST(TierWorker, OldSamplesAreServedFromWindows) {
  TierOptions options = Quick();
  options.retention.policy.keep_ms = {2 * kDayMs, 10 * kDayMs, 100 * kDayMs};
  TierWorld world(3, kStart, objstore::FaultProfile::None(), options);
  Series all;
  for (int i = 0; i < 24; ++i) {
    const TimeMs from_ms = kStart + i * kBlockMs + 1;
    const Series series = Counters(from_ms, from_ms + kBlockMs, 2);
    world.store_.Add(from_ms, from_ms + kBlockMs, series, static_cast<std::uint64_t>(i));
    Merge(series, all);
    world.clock_.JumpTo(from_ms + kBlockMs + 600'000);
    world.Round();
  }
  // Last values of windows, at their ends.
  const auto windows = [&](std::int64_t resolution_ms) {
    Series last;
    for (const auto& [labels, samples] : all) {
      for (const auto& [time_ms, value] : samples)
        last[labels][(time_ms + resolution_ms - 1) / resolution_ms * resolution_ms] = value;
    }
    return last;
  };
  world.clock_.JumpTo(kStart + 5 * kDayMs);
  world.Round();
  world.Round();
  EXPECT_TRUE(world.Objects("metrics/raw/default/").empty());
  EXPECT_EQ(world.Read(0, INT64_MAX), windows(60'000));
  world.clock_.JumpTo(kStart + 40 * kDayMs);
  world.Round();
  world.Round();
  EXPECT_TRUE(world.Objects("metrics/1m/default/").empty());
  EXPECT_EQ(world.Read(0, INT64_MAX), windows(300'000));
  // One file an aggregate for the month.
  world.clock_.Advance(std::chrono::hours(2));
  world.Round();
  EXPECT_EQ(world.Objects("metrics/5m/default/").size(), 6U);
  EXPECT_EQ(world.Read(0, INT64_MAX), windows(300'000));
  world.clock_.JumpTo(kStart + 140 * kDayMs);
  world.Round();
  EXPECT_TRUE(world.Objects("metrics/").empty());
  EXPECT_TRUE(world.Read(0, INT64_MAX).empty());
}

TEST(TierWorker, AnImportOfLongAgoIsRolledUpOnceAndLeaves) {
  TierOptions options = Quick();
  options.retention.policy.keep_ms = {2 * kDayMs, 10 * kDayMs, 100 * kDayMs};
  TierWorld world(10, kStart, objstore::FaultProfile::None(), options);
  const TimeMs from_ms = kStart - 30 * kDayMs + 1;
  const Series series = Counters(from_ms, from_ms + kBlockMs, 2);
  world.store_.Add(from_ms, from_ms + kBlockMs, series, 0);
  world.Round();
  EXPECT_EQ(world.worker_->Status().blocks_to_upload, 0U);
  EXPECT_EQ(world.Objects("metrics/").size(), 6U);  // Windows of five minutes; the rest would be too old.
  EXPECT_EQ(world.Read(0, INT64_MAX), series);      // As long as the machine has it.
  world.Round();
  world.Round();
  EXPECT_TRUE(world.store_.Blocks().empty());
  const std::string text = world.metrics_->RenderText();
  EXPECT_NE(text.find("tickscope_tier_uploaded_blocks_total 6\n"), std::string::npos);
  Series windows;
  for (const auto& [labels, samples] : series) {
    for (const auto& [time_ms, value] : samples)
      windows[labels][(time_ms + 299'999) / 300'000 * 300'000] = value;
  }
  EXPECT_EQ(world.Read(0, INT64_MAX), windows);
}

TEST(TierWorker, LateSamplesAreRolledUpAgain) {
  TierOptions options = Quick();
  options.retention.policy.keep_ms = {2 * kDayMs, 10 * kDayMs, 100 * kDayMs};
  TierWorld world(4, kStart, objstore::FaultProfile::None(), options);
  const TimeMs from_ms = kStart + 1;
  world.store_.Add(from_ms, from_ms + kBlockMs, Counters(from_ms, from_ms + kBlockMs, 1), 0);
  world.clock_.JumpTo(kStart + kBlockMs + 600'000);
  world.Round();
  // A sample later in its window than the one that was there.
  const TimeMs late_ms = kStart + 4'322 + 20 * kCadenceMs + 1;
  world.store_.Add(from_ms, from_ms + kBlockMs, {{Server(0), {{late_ms, 7e9}}}}, 1);
  world.Round();
  world.clock_.JumpTo(kStart + 6 * kDayMs);
  world.Round();
  world.Round();
  ASSERT_TRUE(world.Objects("metrics/raw/default/").empty());
  const Series seen = world.Read(0, INT64_MAX);
  ASSERT_TRUE(seen.contains(Server(0)));
  EXPECT_EQ(seen.at(Server(0)).at((late_ms + 59'999) / 60'000 * 60'000), 7e9);
  EXPECT_EQ(seen.at(Server(0)).size(), 60U);
}

TEST(TierWorker, ClassesOfSeriesAreKeptForTheirOwnTime) {
  TierOptions options = Quick();
  options.retention.policy.rules.push_back(
      {"{server=\"s-1\"}", *ParseTestSelector("{server=\"s-1\"}"), {2 * kDayMs, 2 * kDayMs, 2 * kDayMs}});
  TierWorld world(5, kStart, objstore::FaultProfile::None(), options);
  Series all = FillDay(world, 3);
  world.clock_.JumpTo(kStart + kDayMs + 2 * kHourMs);
  world.Round();
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
  world.clock_.JumpTo(kStart + 4 * kDayMs);
  for (int i = 0; i < 3; ++i)
    world.Round();
  all.erase(Server(1));
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
  EXPECT_EQ(world.Objects("metrics/raw/default/").size(), 1U);
}

TEST(TierWorker, WindowsOfSplitClassesStayWhole) {
  TierOptions options = Quick();
  options.retention.policy.keep_ms = {2 * kDayMs, 50 * kDayMs, 100 * kDayMs};
  // A rule whose matcher takes series that lack the label, too.
  options.retention.policy.rules.push_back({"{server!=\"s-1\"}",
                                            {*Matcher::Make(MatchType::kNotEqual, "server", "s-1")},
                                            {2 * kDayMs, 40 * kDayMs, 90 * kDayMs}});
  TierWorld world(11, kStart, objstore::FaultProfile::None(), options);
  Series windows;
  for (int i = 0; i < 12; ++i) {
    const TimeMs from_ms = kStart + i * kBlockMs + 1;
    Series series = Counters(from_ms, from_ms + kBlockMs, 3);
    // A constant, whose last value a rollup leaves out.
    for (auto& [time_ms, value] : series[Server(2)])
      value = 7;
    world.store_.Add(from_ms, from_ms + kBlockMs, series, static_cast<std::uint64_t>(i));
    for (const auto& [labels, samples] : series) {
      for (const auto& [time_ms, value] : samples)
        windows[labels][(time_ms + 59'999) / 60'000 * 60'000] = value;
    }
  }
  world.clock_.JumpTo(kStart + kDayMs + 2 * kHourMs);
  world.Round();
  world.clock_.JumpTo(kStart + 5 * kDayMs);
  for (int i = 0; i < 3; ++i)
    world.Round();
  ASSERT_TRUE(world.Objects("metrics/raw/default/").empty());
  EXPECT_EQ(world.Objects("metrics/1m/default/").size(), 2U * 6);
  EXPECT_TRUE(world.Read(0, INT64_MAX) == windows);
}

TEST(TierWorker, DeletesAreHiddenAtOnceAndCarriedOut) {
  TierWorld world(6, kStart, objstore::FaultProfile::None(), Quick());
  Series all = FillDay(world, 2);
  world.clock_.JumpTo(kStart + kDayMs + 2 * kHourMs);
  world.Round();
  const TimeMs start_ms = kStart + 3 * kHourMs;
  const TimeMs end_ms = kStart + 5 * kHourMs;
  const Tombstone tombstone{.id = "0a",
                            .start_ms = start_ms,
                            .end_ms = end_ms,
                            .asked_ms = world.clock_.NowMs(),
                            .selectors = {"{server=\"s-1\"}"},
                            .matchers = {*ParseTestSelector("{server=\"s-1\"}")}};
  ASSERT_TRUE(world.retrying_->Put(TombstonePrefix(kTenant) + "0a", WriteTombstone(tombstone)));
  world.catalogue_->AddTombstone(kTenant, tombstone);
  const Series named = Cut(all, start_ms, end_ms);
  for (const auto& [time_ms, value] : named.at(Server(1)))
    all[Server(1)].erase(time_ms);
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
  for (int i = 0; i < 6; ++i) {
    world.Round();
    EXPECT_EQ(world.Read(0, INT64_MAX), all) << i;
    world.clock_.Advance(std::chrono::hours(3));
  }
  // Dropped from the files, and the delete is done with.
  EXPECT_TRUE(world.Objects("metrics/deletes/").empty());
  world.Restart();
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
}

TEST(TierWorker, OneDamagedBlockIsPutAsideAndTheRestMerged) {
  TierWorld world(7, kStart, objstore::FaultProfile::None(), Quick());
  Series all;
  for (int i = 0; i < 12; ++i) {
    const TimeMs from_ms = kStart + i * kBlockMs + 1;
    const Series series = Counters(from_ms, from_ms + kBlockMs, 2);
    world.store_.Add(from_ms, from_ms + kBlockMs, series, static_cast<std::uint64_t>(i));
    if (i != 5) Merge(series, all);
  }
  world.clock_.JumpTo(kStart + 23 * kHourMs);
  world.Round();
  for (const HotBlock& block : world.store_.Blocks())
    ASSERT_TRUE(world.store_.Release(kTenant, {block.file}));
  const std::string damaged = world.Objects("metrics/raw/default/")[5];
  std::string content = world.bucket_.Get(damaged, 0, 1U << 30).value();
  content[content.size() / 3] = static_cast<char>(content[content.size() / 3] ^ 1);
  ASSERT_TRUE(world.bucket_.Put(damaged, content));
  world.Restart();
  world.clock_.JumpTo(kStart + kDayMs + 2 * kHourMs);
  world.Round();
  world.Round();
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
  EXPECT_EQ(world.Objects(damaged + ".quarantined").size(), 1U);
  EXPECT_NE(world.metrics_->RenderText().find("tickscope_tier_quarantined_blocks 1"), std::string::npos);
  world.clock_.Advance(std::chrono::hours(2));
  world.Round();
  world.Restart();
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
}

TEST(TierWorker, AStoreThatIsAwayHoldsNothingUp) {
  TierWorld world(8, kStart, objstore::FaultProfile::None(), Quick());
  Series all;
  world.faulty_.SetProfile(objstore::FaultProfile::Down());
  for (int i = 0; i < 6; ++i) {
    const TimeMs from_ms = kStart + i * kBlockMs + 1;
    const Series series = Counters(from_ms, from_ms + kBlockMs, 2);
    world.store_.Add(from_ms, from_ms + kBlockMs, series, static_cast<std::uint64_t>(i));
    Merge(series, all);
    world.clock_.JumpTo(std::max(world.clock_.NowMs(), from_ms + kBlockMs + 600'000));
    const Status round = world.worker_->Round();
    ASSERT_FALSE(round);
    EXPECT_FALSE(world.worker_->Status().last_error.empty());
    // What the machine holds is served.
    EXPECT_EQ(world.Read(0, INT64_MAX), all);
  }
  EXPECT_EQ(world.store_.Blocks().size(), 6U);
  world.faulty_.SetProfile(objstore::FaultProfile::None());
  world.Round();
  EXPECT_EQ(world.worker_->Status().blocks_to_upload, 0U);
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
}

TEST(TierWorker, TwoCompactorsDoTheSameWork) {
  TierWorld world(9, kStart, objstore::FaultProfile::None(), Quick());
  Series all = FillDay(world, 2);
  world.clock_.JumpTo(kStart + 23 * kHourMs);
  world.Round();
  // Another machine, with the same bucket and no store.
  MetricRegistry metrics;
  io::MemoryFileSystem fs;
  auto cache =
      objstore::ObjectCache::Create(world.bucket_, fs, {.directory = "/c", .fetches_max = 1}, metrics);
  ASSERT_TRUE(cache);
  CachedBlockOpener opener(**cache);
  OpenBlocks open(opener, 16);
  Catalogue catalogue(world.bucket_, open, metrics, ParseTestSelector);
  ServedHere served;
  TierOptions options = Quick();
  options.scratch_directory = "/s";
  TierWorker other(fs, world.clock_, world.bucket_, catalogue, nullptr, served, metrics, options);
  world.clock_.JumpTo(kStart + kDayMs + 2 * kHourMs);
  ASSERT_TRUE(other.Round());
  const std::vector<std::string> objects = world.Objects("metrics/");
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
  // The first one, which had listed before, does it again: the same names, the same bytes.
  world.Round();
  EXPECT_EQ(world.Objects("metrics/"), objects);
  EXPECT_EQ(world.Read(0, INT64_MAX), all);
}

}  // namespace
}  // namespace tickscope::tier
