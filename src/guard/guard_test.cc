// Guard: what a schema does not name and what gives somebody away is refused, each for its reason; refusals are counted
// and shown without what they were about; observing lets everything in.
#include "guard/guard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "guard/label_kinds.h"
#include "schema/schema_reader.h"

namespace tickscope::guard {
namespace {

constexpr std::string_view kSchema = R"(
schema: game
version: "1.0"
defaults: {owner: gameplay, class: ops, cadence: 10s}
target_labels:
  region: {values: [na, eu], help: Where.}
  server: {pattern: "[a-z]+-[0-9]{5}", budget: 100, optional: true, help: Which.}
metrics:
  - name: game_joins_total
    type: counter
    help: Players who joined.
    owner: lobby
    labels:
      platform: {values: [pc, xbox], help: On what.}
    aggregate: {without: [server, region]}
  - name: game_tick_seconds
    type: histogram
    unit: seconds
    help: Time of a tick.
    buckets: [0.01, 0.02]
)";

class FixedClock final : public Clock {
 public:
  [[nodiscard]] TimeMs NowMs() const override { return 1'000; }
  [[nodiscard]] std::chrono::nanoseconds Monotonic() const override { return {}; }
};

class GuardTest : public testing::Test {
 protected:
  std::unique_ptr<Guard> Make(GuardMode mode, bool with_schema) {
    GuardOptions options{.mode = mode};
    if (with_schema) options.schema = schema::ReadSchema(kSchema, "game.yaml").value();
    return Guard::Make(std::move(options), clock_, metrics_).value();
  }
  // The reason, or "" when let in.
  static std::string Judge(Guard& guard, const Labels& labels, std::string_view type = "",
                           std::string_view before = "") {
    const std::vector<LabelView> views(labels.begin(), labels.end());
    const auto rejection = guard.Judge("default", {.labels = views, .type = type, .type_before = before});
    if (!rejection) return {};
    for (const LabelView& label : views) {
      if (label.name == kMetricName) continue;
      EXPECT_EQ(rejection->message.find(label.value), std::string::npos) << rejection->message;
    }
    return std::string(RejectReasonName(rejection->reason));
  }

  FixedClock clock_;
  MetricRegistry metrics_;
};

TEST_F(GuardTest, SchemaDecides) {
  const auto guard = Make(GuardMode::kAuto, true);
  EXPECT_EQ(guard->mode(), GuardMode::kEnforce);
  struct Case {
    const char* name;
    Labels labels;
    const char* type;
    const char* want;
  };
  const Case cases[] = {
      {"added up", {{"__name__", "game_joins_total:sum"}, {"platform", "pc"}}, "counter", ""},
      {"added up, with a label of the agent",
       {{"__name__", "game_joins_total:sum"}, {"region", "eu"}},
       "",
       ""},
      {"added up, another value",
       {{"__name__", "game_joins_total:sum"}, {"region", "mars"}},
       "",
       "label_value"},
      {"added up, another type", {{"__name__", "game_joins_total:sum"}}, "gauge", "type_conflict"},
      {"added up otherwise", {{"__name__", "game_joins_total:max"}}, "", "unknown_metric"},
      {"named", {{"__name__", "game_joins_total"}, {"region", "eu"}, {"platform", "pc"}}, "counter", ""},
      {"type not told", {{"__name__", "game_joins_total"}, {"region", "eu"}, {"platform", "pc"}}, "", ""},
      {"with the scraper's labels",
       {{"__name__", "game_joins_total"},
        {"region", "eu"},
        {"platform", "pc"},
        {"job", "a"},
        {"instance", "10.0.113.7:9100"}},
       "counter",
       ""},
      {"bucket",
       {{"__name__", "game_tick_seconds_bucket"}, {"region", "eu"}, {"le", "0.01"}},
       "histogram",
       ""},
      {"count",
       {{"__name__", "game_tick_seconds_count"}, {"region", "eu"}, {"server", "eu-00001"}},
       "histogram",
       ""},
      {"report", {{"__name__", "up"}, {"job", "a"}}, "", ""},
      {"unknown metric", {{"__name__", "game_kills_total"}, {"region", "eu"}}, "counter", "unknown_metric"},
      {"le on a counter",
       {{"__name__", "game_joins_total"}, {"region", "eu"}, {"platform", "pc"}, {"le", "1"}},
       "counter",
       "unknown_label"},
      {"unknown label",
       {{"__name__", "game_joins_total"}, {"region", "eu"}, {"platform", "pc"}, {"match", "zz9"}},
       "counter",
       "unknown_label"},
      {"missing label", {{"__name__", "game_joins_total"}, {"region", "eu"}}, "counter", "missing_label"},
      {"missing target label",
       {{"__name__", "game_joins_total"}, {"platform", "pc"}},
       "counter",
       "missing_label"},
      {"value",
       {{"__name__", "game_joins_total"}, {"region", "eu"}, {"platform", "amiga"}},
       "counter",
       "label_value"},
      {"pattern",
       {{"__name__", "game_joins_total"}, {"region", "eu"}, {"platform", "pc"}, {"server", "eu-1"}},
       "counter",
       "pattern"},
      {"type",
       {{"__name__", "game_joins_total"}, {"region", "eu"}, {"platform", "pc"}},
       "gauge",
       "type_conflict"},
      {"private before unknown", {{"__name__", "nope"}, {"who", "jane@example.com"}}, "", "pii"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Judge(*guard, c.labels, c.type), c.want) << c.name;
  EXPECT_TRUE(guard->AdmitsMetadata("game_tick_seconds"));
  EXPECT_FALSE(guard->AdmitsMetadata("game_kills_total"));
}

TEST_F(GuardTest, PrivateDataIsRefusedWhereverItStands) {
  const auto guard = Make(GuardMode::kEnforce, false);
  struct Case {
    const char* name;
    Labels labels;
    const char* want;
  };
  const std::string long_value(1U << 20, 'a');
  const Case cases[] = {
      {"clean", {{"__name__", "game_joins_total"}, {"server", "na-a-00042"}}, ""},
      {"in a value", {{"__name__", "m"}, {"who", "jane@example.com"}}, "pii"},
      {"in a metric's name", {{"__name__", "kills_jane@example.com"}}, "pii"},
      {"a player's id in a name", {{"__name__", "player_76561198012345678_kills"}}, "pii"},
      {"in a label's name", {{"__name__", "m"}, {"jane@example.com", "x"}}, "pii"},
      {"a label for it", {{"__name__", "m"}, {"player_id", "7"}}, "pii"},
      {"dressed up",
       {{"__name__", "m"},
        {"who",
         "j\xe2\x80\x8b"
         "ane＠ｅxample.com"}},
       "pii"},
      {"a megabyte", {{"__name__", "m"}, {"x", long_value}}, ""},
      {"a megabyte and more", {{"__name__", "m"}, {"x", long_value + " jane@example.com"}}, "pii"},
      {"a machine's address", {{"__name__", "m"}, {"instance", "10.0.113.7:9100"}}, ""},
      {"a machine's public address", {{"__name__", "m"}, {"instance", "203.0.113.7:9100"}}, "pii"},
      {"a machine's address, IPv6", {{"__name__", "m"}, {"instance", "[fd00::7]:9100"}}, ""},
      {"a machine's public address, IPv6", {{"__name__", "m"}, {"instance", "[2001:db8::7]:9100"}}, "pii"},
      {"a player's address", {{"__name__", "m"}, {"peer", "203.0.113.7:9100"}}, "pii"},
      {"a bound", {{"__name__", "m_bucket"}, {"le", "1073741824"}}, ""},
      {"a number", {{"__name__", "m"}, {"n", "1073741824"}}, "pii"},
      {"a revision", {{"__name__", "m"}, {"revision", "d41d8cd98f00b204e9800998ecf8427e"}}, ""},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Judge(*guard, c.labels), c.want) << c.name;
  EXPECT_FALSE(guard->AdmitsExemplar(Labels({{"who", "jane@example.com"}})));
  EXPECT_TRUE(guard->AdmitsExemplar(Labels({{"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"}})));
  EXPECT_EQ(guard->CleanHelp("Ask jane@example.com."), "Ask [email].");
  EXPECT_EQ(guard->CleanHelp("Joins."), "Joins.");
}

TEST_F(GuardTest, TwoTypesForOneNameAreRefused) {
  const auto guard = Make(GuardMode::kEnforce, false);
  const Labels labels({{"__name__", "m"}});
  EXPECT_EQ(Judge(*guard, labels, "gauge", ""), "");
  EXPECT_EQ(Judge(*guard, labels, "gauge", "gauge"), "");
  EXPECT_EQ(Judge(*guard, labels, "unknown", "gauge"), "");
  EXPECT_EQ(Judge(*guard, labels, "counter", "gauge"), "type_conflict");
}

TEST_F(GuardTest, RefusalsAreCountedAndShownRedacted) {
  const auto guard = Make(GuardMode::kAuto, true);
  Judge(*guard, Labels({{"__name__", "kills_jane@example.com"}}));
  Judge(*guard, Labels({{"__name__", "game_joins_total"}, {"region", "secret-1"}, {"platform", "pc"}}));
  Judge(*guard, Labels({{"__name__", "game_joins_total"}, {"region", "secret-2"}, {"platform", "pc"}}));
  const auto entries = guard->rejects().Of("default");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].reason, "label_value");
  EXPECT_EQ(entries[0].owner, "lobby");
  EXPECT_EQ(entries[0].metric, "game_joins_total");
  EXPECT_EQ(entries[0].label, "region");
  EXPECT_EQ(entries[0].series, 2U);
  EXPECT_EQ(entries[1].kind, "email");
  EXPECT_EQ(entries[1].metric, "[email]");
  EXPECT_TRUE(guard->rejects().Of("other").empty());
  const std::string text = metrics_.RenderText();
  EXPECT_NE(text.find(R"(tickscope_guard_rejected_series_total{reason="label_value",owner="lobby"} 2)"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("jane"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST_F(GuardTest, ObservingLetsInAndCounts) {
  const auto guard = Make(GuardMode::kAuto, false);
  EXPECT_EQ(guard->mode(), GuardMode::kObserve);
  EXPECT_EQ(Judge(*guard, Labels({{"__name__", "m"}, {"who", "jane@example.com"}})), "");
  EXPECT_TRUE(guard->AdmitsExemplar(Labels({{"who", "jane@example.com"}})));
  EXPECT_EQ(guard->CleanHelp("Ask jane@example.com."), "Ask jane@example.com.");
  EXPECT_EQ(guard->rejects().Of("default").size(), 1U);
  const auto off = Make(GuardMode::kOff, false);
  EXPECT_EQ(Judge(*off, Labels({{"__name__", "m"}, {"who", "jane@example.com"}})), "");
  EXPECT_TRUE(off->rejects().Of("default").empty());
}

TEST(RejectRing, IsBounded) {
  RejectRing ring;
  for (std::size_t i = 0; i < 2 * RejectRing::kTenantEntries; ++i)
    ring.Add("a", static_cast<TimeMs>(i), {.reason = "pii", .metric = fmt::format("m{}", i)});
  const auto entries = ring.Of("a");
  ASSERT_EQ(entries.size(), RejectRing::kTenantEntries);
  EXPECT_EQ(entries.front().metric, fmt::format("m{}", 2 * RejectRing::kTenantEntries - 1));
  for (std::size_t i = 0; i < RejectRing::kTenants; ++i)
    ring.Add(fmt::format("t{}", i), 10'000 + static_cast<TimeMs>(i), {.reason = "pii"});
  EXPECT_TRUE(ring.Of("a").empty());
  EXPECT_EQ(ring.Of("t5").size(), 1U);
}

TEST(LabelKinds, GoByName) {
  EXPECT_TRUE(KindsForLabel("le").empty());
  EXPECT_TRUE(KindsForLabel("peer").Has(PiiKind::kIp));
  for (const char* const name : {"instance", "uuid", "address", "node_name"})
    EXPECT_FALSE(KindsForLabel(name).Has(PiiKind::kIp)) << name;
  for (const char* const name : {"version", "build", "revision"})
    EXPECT_FALSE(KindsForLabel(name).Has(PiiKind::kEntropy)) << name;
  for (const char* const name : {"trace_id", "spanID", "span_id", "traceID"})
    EXPECT_FALSE(KindsForLabel(name).Has(PiiKind::kEntropy)) << name;
  EXPECT_TRUE(KindsForLabel("instance").Has(PiiKind::kEmail));
}

}  // namespace
}  // namespace tickscope::guard
