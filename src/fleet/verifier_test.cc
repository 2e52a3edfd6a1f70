// Verifier: a receiver that lost, repeated or changed anything is caught and the cause is named; samples that were in
// flight at a crash are not held against it.
#include "fleet/verifier.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fleet/game_server.h"
#include "fleet/server_identity.h"

namespace tickscope::fleet {
namespace {

const RunPlan kPlan{.seed = 3,
                    .servers = 3,
                    .servers_per_request = 2,
                    .points_per_request = 1,
                    .cadence_ms = 10'000,
                    .start_ms = 1'767'225'600'000};
constexpr std::uint64_t kTicks = 7;
constexpr std::uint64_t kSamples = kTicks * 3 * kSeriesPerServer;

// Holds every sample of the plan's first ticks; a test then damages it.
class FakeSource final : public SampleSource {
 public:
  explicit FakeSource(std::uint64_t ticks) {
    for (std::uint32_t s = 0; s < kPlan.servers; ++s) {
      const std::uint32_t group = s / kPlan.servers_per_request;
      GameServer server(kPlan.seed, s, kPlan.cadence_ms, kPlan.start_ms);
      const std::size_t first = series_.size();
      for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
        series_.push_back({.labels = SeriesLabels(MakeServerIdentity(s), i), .samples = {}});
      }
      for (std::uint64_t t = 0; t < ticks; ++t) {
        server.Advance();
        for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
          series_[first + i].samples.push_back({kPlan.SampleTime(group, t), server.values()[i]});
        }
      }
    }
  }

  Result<std::vector<FetchedSeries>> Read(std::span<const std::string> servers, TimeMs after_ms,
                                          TimeMs until_ms) override {
    ++reads_;
    if (reads_ <= failing_reads_) return Fail(ErrorCode::kUnavailable, "down");
    std::vector<FetchedSeries> all;
    for (const FetchedSeries& series : series_) {
      if (std::ranges::find(servers, series.labels.Get("server")) == servers.end()) continue;
      FetchedSeries part{.labels = series.labels, .samples = {}};
      for (const FloatSample& sample : series.samples) {
        if (sample.time_ms > after_ms && sample.time_ms <= until_ms) part.samples.push_back(sample);
      }
      if (!part.samples.empty()) all.push_back(std::move(part));
    }
    return all;
  }

  std::vector<FetchedSeries> series_;
  int reads_ = 0;
  int failing_reads_ = 0;
};

Ledger LedgerOf(std::uint64_t ticks) {
  LedgerRun run{.plan = kPlan, .acknowledged = {}};
  for (std::uint32_t group = 0; group < kPlan.group_count(); ++group)
    run.acknowledged[group].Add(0, ticks);
  return {.runs = {run}, .whole_bytes = 0};
}

// A clock that moves whenever it is asked, so that nothing waits.
class HastyClock final : public Clock {
 public:
  [[nodiscard]] TimeMs NowMs() const override { return 0; }
  [[nodiscard]] std::chrono::nanoseconds Monotonic() const override {
    return now_ += std::chrono::seconds(1);
  }

 private:
  mutable std::chrono::nanoseconds now_{0};
};

Result<VerifyReport> Verify(const Ledger& ledger, SampleSource& source) {
  HastyClock clock;
  StopFlag stop;
  const VerifyOptions options{
      .samples_per_read = 1'800, .settle = std::chrono::seconds(3), .read_retries = 2};
  return VerifyLedger(ledger, source, options, clock, stop, [](const VerifyReport&) {});
}

TEST(Verifier, FindsNothingWrongWithAllOfIt) {
  FakeSource source(kTicks);
  const VerifyReport report = Verify(LedgerOf(kTicks), source).value();
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.acknowledged, kSamples);
  EXPECT_EQ(report.present, kSamples);
  EXPECT_EQ(report.unacknowledged_present, 0);
  EXPECT_TRUE(report.causes.empty());
}

TEST(Verifier, FindsEachKindOfDamage) {
  struct Case {
    const char* name;
    void (*damage)(std::vector<FetchedSeries>&);
    std::uint64_t missing;
    std::uint64_t doubled;
    std::uint64_t altered;
    const char* cause;
  };
  const Case cases[] = {
      {"one sample gone", [](auto& s) { s[5].samples.erase(s[5].samples.begin() + 3); }, 1, 0, 0,
       "missing: single samples"},
      {"one series gone", [](auto& s) { s.erase(s.begin() + 5); }, kTicks, 0, 0, "missing: single samples"},
      {"one scrape gone",
       [](auto& s) {
         for (std::size_t i = 0; i < kSeriesPerServer; ++i)
           s[i].samples.pop_back();
       },
       kSeriesPerServer, 0, 0, "missing: whole scrape"},
      {"a sample twice", [](auto& s) { s[5].samples.insert(s[5].samples.begin(), s[5].samples[0]); }, 0, 1, 0,
       "doubled: same value"},
      {"a series twice", [](auto& s) { s.push_back(s[5]); }, 0, kTicks, 0, "doubled: same value"},
      {"a sample again with another value",
       [](auto& s) { s[5].samples.push_back({s[5].samples.back().time_ms, -1}); }, 0, 1, 0,
       "doubled: another value"},
      {"a changed value", [](auto& s) { s[700].samples[2].value += 1; }, 0, 0, 1, "altered: value"},
      {"a changed time", [](auto& s) { s[5].samples[3].time_ms += 1; }, 1, 0, 1, "altered: time never sent"},
      {"a changed label", [](auto& s) { s[5].labels = LabelsBuilder(s[5].labels).Set("extra", "1").Build(); },
       kTicks, 0, kTicks, "altered: series never sent"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    FakeSource source(kTicks);
    c.damage(source.series_);
    const VerifyReport report = Verify(LedgerOf(kTicks), source).value();
    EXPECT_FALSE(report.ok());
    EXPECT_EQ(report.missing, c.missing);
    EXPECT_EQ(report.doubled, c.doubled);
    EXPECT_EQ(report.altered, c.altered);
    EXPECT_TRUE(report.causes.contains(c.cause));
    EXPECT_FALSE(report.examples.empty());
    EXPECT_LE(report.examples.size(), kExamplesMax);
  }
}

TEST(Verifier, AllowsWhatWasInFlight) {
  FakeSource source(kTicks);
  const VerifyReport report = Verify(LedgerOf(kTicks - 1), source).value();
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.acknowledged, kSamples / kTicks * (kTicks - 1));
  EXPECT_EQ(report.unacknowledged_present, kSamples / kTicks);
}

TEST(Verifier, ReadsAgainWhatFailsButNotForEver) {
  FakeSource source(kTicks);
  source.failing_reads_ = 2;
  EXPECT_TRUE(Verify(LedgerOf(kTicks), source).value().ok());

  FakeSource down(kTicks);
  down.failing_reads_ = 1'000;
  const auto report = Verify(LedgerOf(kTicks), down);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(down.reads_, 3);
}

TEST(Verifier, OfAnEmptyLedgerThereIsNothingToSay) {
  FakeSource source(0);
  EXPECT_TRUE(Verify(Ledger{}, source).value().ok());
  EXPECT_EQ(source.reads_, 0);
}

}  // namespace
}  // namespace tickscope::fleet
