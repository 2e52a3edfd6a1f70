// What the guard says of series where they are admitted: budgets of a schema are kept to the value and what is over one is
// added up, by tenant, also after silence, other rules and restarts; what is no text or too long is told as that.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "guard/guard_config.h"
#include "ingest/admission.h"
#include "wire/remote_write_decode.h"
#include "wire/remote_write_encode.h"

namespace tickscope::ingest {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

constexpr std::string_view kSchema = R"(
schema: game
version: "1.0"
defaults: {owner: gameplay, class: ops, cadence: 10s}
target_labels:
  region: {values: [na, eu], help: Where.}
  server: {pattern: "s[0-9]+", budget: 3, optional: true, help: Which.}
metrics:
  - {name: game_joins_total, type: counter, help: Players who joined., owner: lobby}
  - {name: game_players, type: gauge, help: Players.}
  - {name: game_tick_seconds, type: histogram, unit: seconds, help: Time of a tick., buckets: [0.01]}
  - name: game_kills_total
    type: counter
    help: Kills.
    owner: combat
    series_max: 2
    labels: {weapon: {pattern: "w[0-9]+", budget: 10, help: By what.}}
)";

class TestClock final : public Clock {
 public:
  [[nodiscard]] TimeMs NowMs() const override { return now_ms; }
  [[nodiscard]] std::chrono::nanoseconds Monotonic() const override { return {}; }
  TimeMs now_ms = 1'700'000'000'000;
};

class GuardedSeriesTest : public testing::Test {
 protected:
  struct Sent {
    Labels labels;
    double value = 1;
  };

  GuardedSeriesTest() : guard_(guard::Guard::Make(Options(kSchema), clock_, metrics_).value()) { Restart(); }

  static guard::GuardOptions Options(std::string_view text, guard::GuardMode mode = guard::GuardMode::kAuto) {
    auto options =
        guard::MakeGuardOptions({.mode = mode, .schema_file = "game.yaml", .player_patterns = {}}, text);
    EXPECT_TRUE(options.has_value());
    return *std::move(options);
  }
  static std::string WithBudget(int budget) {
    std::string text(kSchema);
    text.replace(text.find("budget: 3"), 9, fmt::format("budget: {}", budget));
    return text;
  }

  void Restart() {
    admission_ = std::make_unique<Admission>(clock_, metrics_, AdmissionOptions{}, ++seed_);
    for (const codec::SampleBatch& batch : stream_)
      admission_->Replay(batch);
    admission_->SetGuard(*guard_);
  }

  // Ten seconds after the last request.
  AdmissionOutcome Write(const std::vector<Sent>& samples, const TenantId& tenant = "default") {
    clock_.now_ms += 10'000;
    std::vector<wire::WriteSample> points;
    points.reserve(samples.size());
    std::vector<wire::WriteSeries> series;
    for (const Sent& sample : samples) {
      points.push_back({.time_ms = clock_.now_ms, .value = sample.value});
      series.push_back({.labels = &sample.labels, .samples = std::span(&points.back(), 1)});
    }
    std::string body;
    wire::RemoteWriteEncoder encoder(wire::RemoteWriteProtocol::kV1);
    encoder.Encode(series, body);
    Bytes message;
    EXPECT_TRUE(wire::DecompressSnappy(body, 64U << 20, message).has_value());
    wire::RemoteWriteRequest request(1);
    EXPECT_TRUE(request.Decode(wire::RemoteWriteProtocol::kV1, message).has_value());
    codec::SampleBatch batch;
    batch.tenant = tenant;
    batch.received_ms = clock_.now_ms;
    AdmissionOutcome outcome = admission_->Admit(tenant, 1, request, batch).value();
    kept_.push_back(std::make_unique<Bytes>());
    EncodeSampleBatch(batch, *kept_.back());
    codec::SampleBatch& read = stream_.emplace_back();
    EXPECT_TRUE(DecodeSampleBatch(*kept_.back(), read).has_value());
    for (const codec::SeriesDefinition& definition : read.series)
      names_[{tenant, ToIndex(definition.ref)}] = Labels::FromSorted(definition.labels).ToString();
    for (std::size_t i = 0; i < read.floats.size(); ++i)
      last_[tenant][names_.at({tenant, ToIndex(read.floats.refs[i])})] = read.floats.values[i];
    return outcome;
  }

  static Sent Joins(int server, double value = 1) {
    return {
        Labels{{"__name__", "game_joins_total"}, {"region", "eu"}, {"server", fmt::format("s{}", server)}},
        value};
  }
  static std::string JoinsName(std::string_view server) {
    return fmt::format("game_joins_total{{region=\"eu\", server=\"{}\"}}", server);
  }
  [[nodiscard]] bool Has(const std::string& name, const TenantId& tenant = "default") const {
    const auto found = last_.find(tenant);
    return found != last_.end() && found->second.contains(name);
  }
  [[nodiscard]] double Last(const std::string& name) { return last_["default"].at(name); }
  // Series counted as over a budget, by owner.
  [[nodiscard]] std::string Counted(std::string_view reason, std::string_view owner) const {
    const std::string text = metrics_.RenderText();
    const std::string name =
        fmt::format("tickscope_guard_rejected_series_total{{reason=\"{}\",owner=\"{}\"}} ", reason, owner);
    const std::size_t at = text.find(name);
    if (at == std::string::npos) return "none";
    return text.substr(at + name.size(), text.find('\n', at) - at - name.size());
  }

  TestClock clock_;
  MetricRegistry metrics_;
  std::unique_ptr<guard::Guard> guard_;
  std::unique_ptr<Admission> admission_;
  std::uint64_t seed_ = 0;
  std::vector<codec::SampleBatch> stream_;
  std::vector<std::unique_ptr<Bytes>> kept_;
  std::map<std::pair<TenantId, std::uint32_t>, std::string> names_;
  std::map<TenantId, std::map<std::string, double>> last_;
};

TEST_F(GuardedSeriesTest, TheBudgetIsKeptToTheValue) {
  EXPECT_EQ(Write({Joins(1), Joins(2), Joins(3)}).refused, 0U);
  EXPECT_EQ(Counted("budget", "lobby"), "none");
  EXPECT_FALSE(Has(JoinsName("__overflow__")));
  // Two over it in one request, of one time: neither is lost, and both keep their place.
  for (int round = 1; round <= 3; ++round) {
    const AdmissionOutcome outcome =
        Write({Joins(1, round), Joins(4, 10 * round), Joins(5, 100 * round), Joins(3, round)});
    EXPECT_EQ(outcome.refused, 0U);
    EXPECT_EQ(outcome.samples, 4U);
    EXPECT_DOUBLE_EQ(Last(JoinsName("__overflow__")), 110 * round);
  }
  EXPECT_FALSE(Has(JoinsName("s4")));
  EXPECT_FALSE(Has(JoinsName("s5")));
  EXPECT_EQ(Counted("budget", "lobby"), "2");
  const auto shown = guard_->rejects().Of("default");
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].reason, "budget");
  EXPECT_EQ(shown[0].label, "server");
  EXPECT_EQ(shown[0].series, 2U);
  // Each metric has a budget of its own.
  EXPECT_EQ(Write({{Labels{{"__name__", "game_players"}, {"region", "eu"}, {"server", "s4"}}}}).refused, 0U);
  EXPECT_TRUE(Has("game_players{region=\"eu\", server=\"s4\"}"));
  EXPECT_NE(metrics_.RenderText().find("tickscope_guard_budget_values 4\n"), std::string::npos);
}

TEST_F(GuardedSeriesTest, TenantsHaveBudgetsOfTheirOwn) {
  Write({Joins(1), Joins(2), Joins(3)}, "a");
  Write({Joins(4), Joins(5), Joins(6)}, "b");
  EXPECT_TRUE(Has(JoinsName("s6"), "b"));
  EXPECT_EQ(Counted("budget", "lobby"), "none");
  Write({Joins(7)}, "b");
  EXPECT_TRUE(Has(JoinsName("__overflow__"), "b"));
  EXPECT_FALSE(Has(JoinsName("__overflow__"), "a"));
}

TEST_F(GuardedSeriesTest, ValuesThatFellSilentMakeRoom) {
  Write({Joins(1), Joins(2), Joins(3)});
  for (int minute = 0; minute < 32; ++minute) {
    clock_.now_ms += kMinuteMs;
    Write({Joins(2), Joins(3)});
  }
  Write({Joins(4)});
  EXPECT_TRUE(Has(JoinsName("s4")));
  // The one that left is one too many now, and what it had counted before does not count again.
  Write({Joins(1, 50)});
  Write({Joins(1, 57)});
  EXPECT_DOUBLE_EQ(Last(JoinsName("__overflow__")), 7);
  EXPECT_EQ(Counted("budget", "lobby"), "1");
}

TEST_F(GuardedSeriesTest, OtherRulesCountAnew) {
  Write({Joins(1), Joins(2), Joins(3), Joins(4, 10)});
  ASSERT_TRUE(guard_->Replace(Options(kSchema)).has_value());
  Write({Joins(1, 2), Joins(2, 2), Joins(3, 2), Joins(4, 12)});
  EXPECT_DOUBLE_EQ(Last(JoinsName("s3")), 2);
  EXPECT_DOUBLE_EQ(Last(JoinsName("__overflow__")), 12);
  // With less room a series that there was goes on in the total, from where it stood.
  ASSERT_TRUE(guard_->Replace(Options(WithBudget(2))).has_value());
  Write({Joins(1, 3), Joins(2, 3), Joins(3, 100), Joins(4, 12)});
  Write({Joins(1, 3), Joins(2, 3), Joins(3, 101), Joins(4, 12)});
  EXPECT_DOUBLE_EQ(Last(JoinsName("s3")), 2);
  EXPECT_DOUBLE_EQ(Last(JoinsName("__overflow__")), 13);
  // With more, new ones fit.
  ASSERT_TRUE(guard_->Replace(Options(WithBudget(4))).has_value());
  Write({Joins(1), Joins(2), Joins(8), Joins(9)});
  EXPECT_TRUE(Has(JoinsName("s9")));
  EXPECT_EQ(Counted("budget", "lobby"), "2");
}

TEST_F(GuardedSeriesTest, ARestartGoesOnWhereItWas) {
  Write({Joins(1), Joins(2), Joins(3), Joins(4, 10), Joins(5, 20)});
  Restart();
  Write({Joins(5, 21), Joins(4, 12), Joins(3, 2), Joins(2, 2), Joins(1, 2)});
  EXPECT_DOUBLE_EQ(Last(JoinsName("__overflow__")), 33);
  EXPECT_DOUBLE_EQ(Last(JoinsName("s1")), 2);
  EXPECT_FALSE(Has(JoinsName("s4")));
  EXPECT_EQ(admission_->StatusOf("default").active_series, 3U);
}

TEST_F(GuardedSeriesTest, SeriesOfOneHistogramAreOneValue) {
  std::vector<Sent> samples;
  for (int server = 1; server <= 4; ++server) {
    const std::string name = fmt::format("s{}", server);
    for (const char* const le : {"0.01", "+Inf"})
      samples.push_back(
          {Labels{{"__name__", "game_tick_seconds_bucket"}, {"le", le}, {"region", "eu"}, {"server", name}}});
    samples.push_back({Labels{{"__name__", "game_tick_seconds_count"}, {"region", "eu"}, {"server", name}}});
  }
  EXPECT_EQ(Write(samples).refused, 0U);
  EXPECT_TRUE(Has("game_tick_seconds_count{region=\"eu\", server=\"s3\"}"));
  EXPECT_FALSE(Has("game_tick_seconds_count{region=\"eu\", server=\"s4\"}"));
  EXPECT_TRUE(Has("game_tick_seconds_bucket{le=\"0.01\", region=\"eu\", server=\"__overflow__\"}"));
}

TEST_F(GuardedSeriesTest, ATargetHasSoManyLabelSetsOfAMetric) {
  const auto kills = [](const char* server, const char* weapon) {
    return Sent{
        Labels{{"__name__", "game_kills_total"}, {"region", "eu"}, {"server", server}, {"weapon", weapon}}};
  };
  Write({kills("s1", "w1"), kills("s1", "w2"), kills("s1", "w3"), kills("s2", "w3"), kills("s2", "w4")});
  EXPECT_TRUE(Has("game_kills_total{region=\"eu\", server=\"s1\", weapon=\"w2\"}"));
  EXPECT_FALSE(Has("game_kills_total{region=\"eu\", server=\"s1\", weapon=\"w3\"}"));
  EXPECT_TRUE(Has("game_kills_total{region=\"eu\", server=\"s1\", weapon=\"__overflow__\"}"));
  EXPECT_TRUE(Has("game_kills_total{region=\"eu\", server=\"s2\", weapon=\"w4\"}"));
  EXPECT_EQ(Counted("budget", "combat"), "1");
}

TEST_F(GuardedSeriesTest, WhatWasFoldedElsewhereIsAddedUpToo) {
  const Labels folded{{"__name__", "game_joins_total"}, {"region", "eu"}, {"server", "__overflow__"}};
  EXPECT_EQ(Write({Joins(1), Joins(2), Joins(3), {folded, 5}, Joins(4, 10)}).refused, 0U);
  EXPECT_DOUBLE_EQ(Last(JoinsName("__overflow__")), 15);
  EXPECT_EQ(Write({{folded, 6}, Joins(4, 12)}).refused, 0U);
  EXPECT_DOUBLE_EQ(Last(JoinsName("__overflow__")), 18);
}

TEST_F(GuardedSeriesTest, ObservingCountsAndFoldsNothing) {
  ASSERT_TRUE(guard_->Replace(Options(kSchema, guard::GuardMode::kObserve)).has_value());
  for (int round = 0; round < 3; ++round)
    Write({Joins(1), Joins(2), Joins(3), Joins(4)});
  EXPECT_TRUE(Has(JoinsName("s4")));
  EXPECT_FALSE(Has(JoinsName("__overflow__")));
  EXPECT_EQ(Counted("budget", "lobby"), "1");
}

TEST_F(GuardedSeriesTest, WhatIsNoTextOrTooLongIsToldAsThat) {
  const std::string megabyte(1U << 20, 'a');
  struct Case {
    const char* name;
    std::string value;
    const char* reason;
  };
  const Case cases[] = {
      {"a megabyte", megabyte, "too_long"},
      {"overlong", "\xc0\xaf", "bad_utf8"},
      {"overlong, three bytes", "\xe0\x80\xaf", "bad_utf8"},
      {"a surrogate", "\xed\xa0\x80", "bad_utf8"},
      {"cut", "a\xe2\x82", "bad_utf8"},
      {"beyond Unicode", "\xf4\x90\x80\x80", "bad_utf8"},
  };
  int index = 0;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Sent bad{Labels{{"__name__", "game_joins_total"}, {"region", "eu"}, {"server", c.value}}};
    const AdmissionOutcome outcome = Write({bad, Joins(1, index)});
    EXPECT_EQ(outcome.samples, 1U);
    ASSERT_EQ(outcome.messages.size(), 1U);
    EXPECT_NE(outcome.messages[0].find(c.reason), std::string::npos) << outcome.messages[0];
    EXPECT_LT(outcome.messages[0].size(), 200U);
    const auto shown = guard_->rejects().Of("default");
    ASSERT_FALSE(shown.empty());
    EXPECT_EQ(shown[0].reason, c.reason);
    EXPECT_EQ(shown[0].label, "server");
    EXPECT_EQ(shown[0].metric, "game_joins_total");
    // Judged once.
    Write({bad, Joins(1, ++index)});
  }
  EXPECT_EQ(Counted("too_long", "lobby"), "1");
  EXPECT_EQ(Counted("bad_utf8", "lobby"), "5");
  const Sent name{Labels{{"__name__", "m\xff"}, {megabyte, "x"}}};
  EXPECT_EQ(Write({name}).refused, 1U);
  EXPECT_EQ(guard_->rejects().Of("default")[0].metric, "(not UTF-8)");
  // Observing, they are shown, but what ingest cannot take it does not take.
  ASSERT_TRUE(guard_->Replace(Options(kSchema, guard::GuardMode::kObserve)).has_value());
  const Sent bad{Labels{{"__name__", "game_joins_total"}, {"region", "eu"}, {"server", megabyte}}};
  EXPECT_EQ(Write({bad}).refused, 1U);
  EXPECT_EQ(Counted("too_long", "lobby"), "2");
  EXPECT_NE(metrics_.RenderText().find("tickscope_ingest_refused_samples_total{reason=\"bad_labels\"} 1\n"),
            std::string::npos);
}

}  // namespace
}  // namespace tickscope::ingest
