// Intake: what is private is replaced and never written, what is refused costs only itself, and the rest is what was sent.
#include "signals/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "signals/loki_push.h"
#include "tokens/keyed_hash.h"

namespace tickscope::signals {
namespace {

using codec::RecordKind;
using codec::SignalAttribute;
using codec::SignalValue;
using codec::ValueKind;
using testing::HasSubstr;
using testing::Not;

constexpr TimeMs kNow = 1'700'000'000'000;
constexpr std::int64_t kNowNs = kNow * 1'000'000;

// One key for everybody.
class OneKey final : public tokens::KeyProvider {
 public:
  OneKey()
      : hash_(std::make_shared<const tokens::KeyedHash>(
            AsBytes(std::string_view("0123456789abcdef0123456789abcdef")))) {}
  [[nodiscard]] Result<tokens::TenantKey> KeyFor(const TenantId&, tokens::TokenEpoch) override {
    return tokens::TenantKey{"k1", hash_};
  }

 private:
  std::shared_ptr<const tokens::KeyedHash> hash_;
};

std::shared_ptr<PrivacyRules> Rules(guard::GuardMode mode = guard::GuardMode::kObserve,
                                    bool has_keys = true) {
  auto rules = std::make_shared<PrivacyRules>();
  rules->mode = mode;
  rules->scanner = guard::PiiScanner::Make({.player_patterns = {"P-[0-9]{6}"}}).value();
  if (has_keys) rules->keys = std::make_shared<OneKey>();
  return rules;
}

// Everything that came out of an intake, as text.
struct Written {
  std::vector<std::string> bodies;
  std::vector<std::map<std::string, std::string>> attributes;
  std::vector<std::map<std::string, std::string>> origins;
  std::vector<std::int64_t> times_ns;
  std::vector<std::string> span_names;
  std::size_t payloads = 0;
};

std::string TextOf(const SignalValue& value) {
  if (value.kind == ValueKind::kInt) return std::string("int:").append(std::to_string(value.number));
  return std::string(value.text);
}

std::map<std::string, std::string> MapOf(codec::SignalAttributes attributes) {
  std::map<std::string, std::string> map;
  for (const SignalAttribute& attribute : attributes)
    map.emplace(attribute.name, TextOf(attribute.value));
  return map;
}

Written Read(Intake& intake) {
  Written written;
  for (const Bytes& payload : intake.TakePayloads()) {
    ++written.payloads;
    codec::SignalBatchReader reader;
    EXPECT_TRUE(reader.Open(payload));
    EXPECT_EQ(reader.header().tenant, intake.tenant());
    while (reader.Next().value()) {
      written.origins.push_back(MapOf(reader.origin().attributes));
      if (intake.kind() == RecordKind::kLogs) {
        written.bodies.push_back(TextOf(reader.log().body));
        written.attributes.push_back(MapOf(reader.log().attributes));
        written.times_ns.push_back(reader.log().time_ns);
      } else {
        written.span_names.emplace_back(reader.span().name);
        written.attributes.push_back(MapOf(reader.span().attributes));
        written.times_ns.push_back(reader.span().start_ns);
      }
    }
  }
  return written;
}

struct Door {
  explicit Door(std::shared_ptr<const PrivacyRules> rules = Rules(), RecordKind kind = RecordKind::kLogs)
      : intake(options, std::move(rules), kind, "eu", kNow) {}

  void Line(std::string_view text, codec::SignalAttributes attributes = {}, std::int64_t time_ns = kNowNs) {
    codec::LogRecord record;
    record.time_ns = time_ns;
    record.body = SignalValue::Text(text);
    record.attributes = attributes;
    intake.Add(record);
  }

  SignalOptions options;
  Intake intake;
};

TEST(Intake, PrivateTextIsReplacedByTokens) {
  Door door;
  door.intake.SetOrigin({});
  door.Line("login jane@example.com from 203.0.113.7");
  door.Line("login JANE@example.com again");
  door.Line("nothing of anybody: 1234567890 ticks");
  const Written written = Read(door.intake);
  ASSERT_EQ(written.bodies.size(), 3U);
  EXPECT_THAT(written.bodies[0],
              testing::MatchesRegex("login eml_k1_[0-9]+_[a-z0-9]+ from ip_k1_[0-9]+_[a-z0-9_]+"));
  EXPECT_THAT(written.bodies[1], Not(HasSubstr("JANE")));
  EXPECT_EQ(written.bodies[0].substr(6, 30), written.bodies[1].substr(6, 30))
      << "the same value, the same token";
  EXPECT_EQ(written.bodies[2], "nothing of anybody: 1234567890 ticks");
  EXPECT_EQ(door.intake.replaced()[static_cast<std::size_t>(guard::PiiKind::kEmail)], 2U);

  // What an agent has tokenized stays what it is.
  Door again;
  again.intake.SetOrigin({});
  again.Line(written.bodies[0]);
  EXPECT_EQ(Read(again.intake).bodies.at(0), written.bodies[0]);
}

TEST(Intake, WithoutKeysItIsRedactedAndWithTheGuardOffItStays) {
  Door redacting(Rules(guard::GuardMode::kObserve, false));
  redacting.intake.SetOrigin({});
  redacting.Line("login jane@example.com");
  EXPECT_EQ(Read(redacting.intake).bodies.at(0), "login [email]");

  Door off(Rules(guard::GuardMode::kOff));
  off.intake.SetOrigin({});
  off.Line("login jane@example.com");
  EXPECT_EQ(Read(off.intake).bodies.at(0), "login jane@example.com");
}

TEST(Intake, AttributesAreJudgedByTheirNames) {
  const SignalAttribute attributes[] = {
      {"user.id", SignalValue::Text("4711-abc")},  // Named for whose it is.
      {"password", SignalValue::Text("hunter2")},
      {"session.note", SignalValue::Text("ask bob@example.org")},
      {"player_id", SignalValue::Int(471'100)},
      {"http.status_code", SignalValue::Int(200)},
      {"duration_ns", SignalValue::Int(1'234'567'890'123)},
      {"host.ip", SignalValue::Text("10.1.2.3")},        // A machine's, on its own network.
      {"server.address", SignalValue::Text("8.8.4.4")},  // Somebody's, wherever it is.
      {"client.address", SignalValue::Text("10.1.2.3")},
      {"k8s.pod.uid", SignalValue::Text("0b1f9f9e-8f63-4c7e-9d4f-0a4f1c1f2e3d")},
      {"trace_id", SignalValue::Text("0b1f9f9e-8f63-4c7e-9d4f-0a4f1c1f2e3d")},
      {"who", {ValueKind::kJson, R"({"mail":"a@example.com","card":4111111111111111,"n":12})", 0, 0}},
  };
  Door door(Rules(guard::GuardMode::kObserve, false));
  door.intake.SetOrigin({.attributes = attributes});
  door.Line("x", attributes);
  const Written written = Read(door.intake);
  const std::map<std::string, std::string> want = {{"user.id", "[player_id]"},
                                                   {"password", "[key]"},
                                                   {"session.note", "ask [email]"},
                                                   {"player_id", "[player_id]"},
                                                   {"http.status_code", "int:200"},
                                                   {"duration_ns", "int:1234567890123"},
                                                   {"host.ip", "10.1.2.3"},
                                                   {"server.address", "[ip]"},
                                                   {"client.address", "[ip]"},
                                                   {"k8s.pod.uid", "0b1f9f9e-8f63-4c7e-9d4f-0a4f1c1f2e3d"},
                                                   {"trace_id", "0b1f9f9e-8f63-4c7e-9d4f-0a4f1c1f2e3d"},
                                                   {"who", R"({"mail":"[email]","card":"[card]","n":12})"}};
  EXPECT_EQ(written.attributes.at(0), want);
  EXPECT_EQ(written.origins.at(0), want);
}

TEST(Intake, LabelsOfStreamsAreJudgedAsThoseOfMetrics) {
  const SignalAttribute labels[] = {{"app", SignalValue::Text("game")},
                                    {"shard", SignalValue::Text("20231114123")}};
  Door door(Rules(guard::GuardMode::kObserve, false));
  door.intake.SetOrigin({.source = codec::SignalSource::kLoki, .attributes = labels});
  door.Line("x");
  EXPECT_EQ(Read(door.intake).origins.at(0),
            (std::map<std::string, std::string>{{"app", "game"}, {"shard", "[digits]"}}));
}

TEST(Intake, PrivateNamesAreRefusedOnlyWhereTheGuardEnforces) {
  const SignalAttribute attributes[] = {{"jane@example.com", SignalValue::Int(1)}};
  Door enforcing(Rules(guard::GuardMode::kEnforce));
  enforcing.intake.SetOrigin({});
  enforcing.Line("one", attributes);
  enforcing.Line("two");
  EXPECT_EQ(Read(enforcing.intake).bodies, std::vector<std::string>{"two"});
  EXPECT_EQ(enforcing.intake.refused_by_reason()[static_cast<std::size_t>(Refusal::kPrivateName)], 1U);
  EXPECT_THAT(enforcing.intake.Explanation(), Not(HasSubstr("jane")));

  Door observing(Rules(guard::GuardMode::kObserve, false));
  observing.intake.SetOrigin({});
  observing.Line("one", attributes);
  EXPECT_EQ(Read(observing.intake).attributes.at(0),
            (std::map<std::string, std::string>{{"[email]", "int:1"}}));
}

TEST(Intake, WhatIsRefusedCostsOnlyItself) {
  Door door;
  door.options.line_bytes_max = 10;
  door.options.attribute_bytes_max = 40;
  const std::string long_value(50, 'x');
  const SignalAttribute too_long[] = {{"a", SignalValue::Text(long_value)}};
  const SignalAttribute no_name[] = {{"", SignalValue::Int(1)}};
  const SignalAttribute bad_name[] = {{"\xff", SignalValue::Int(1)}};
  door.intake.SetOrigin({});
  door.Line("first");
  door.Line("ten bytes!");
  door.Line("eleven byte");
  door.Line("x", too_long);
  door.Line("x", no_name);
  door.Line("x", bad_name);
  door.Line("x", {}, kNowNs - 8LL * 24 * 3600 * 1'000'000'000);
  door.Line("x", {}, kNowNs + 601LL * 1'000'000'000);
  door.Line("x", {}, -1);  // After the year 2262.
  door.intake.SetOrigin({.attributes = too_long});
  door.Line("x");
  door.Line("x");
  door.intake.SetOrigin({});
  door.Line("last");
  const Written written = Read(door.intake);
  EXPECT_EQ(written.bodies, (std::vector<std::string>{"first", "ten bytes!", "last"}));
  EXPECT_EQ(door.intake.accepted(), 3U);
  const std::array<std::uint64_t, kRefusals> want = {0, 2, 0, 4, 0, 1, 2, 0};
  EXPECT_EQ(door.intake.refused_by_reason(), want);
  EXPECT_EQ(door.intake.refused(), 9U);
  EXPECT_THAT(door.intake.Explanation(),
              HasSubstr("9 of 12 log records refused: too_long: its body: got 11 bytes"));
}

TEST(Intake, TimesNotToldAreTheNextBest) {
  Door door;
  door.intake.SetOrigin({});
  codec::LogRecord record;
  record.observed_ns = kNowNs - 5;
  door.intake.Add(record);
  record.observed_ns = 0;
  door.intake.Add(record);
  EXPECT_EQ(Read(door.intake).times_ns, (std::vector<std::int64_t>{kNowNs - 5, kNowNs}));
}

TEST(Intake, BytesThatAreNoTextAreRepaired) {
  Door door;
  door.intake.SetOrigin({});
  door.Line("caf\xc3\xa9 \xff\xc3 end\xe2\x82");
  EXPECT_EQ(Read(door.intake).bodies.at(0), "café \ufffd\ufffd end\ufffd\ufffd");
}

TEST(Intake, NotesSayWhatWasDoneAndNothingPrivate) {
  Door door;
  const SignalAttribute labels[] = {{"host", SignalValue::Text("203.0.113.7")},
                                    {"app", SignalValue::Text("match")}};
  door.intake.SetOrigin({.source = codec::SignalSource::kLoki, .attributes = labels});
  door.Line("login jane@example.com at 12:34");
  door.Line("bye jane@example.com");
  const SignalAttribute named[] = {{"user.id", SignalValue::Text("jane77")},
                                   {"jane@example.com", SignalValue::Text("203.0.113.7")}};
  door.Line("x", named);
  const std::vector<GuardNote>& notes = door.intake.guard_notes();
  std::map<std::string, std::string> found;
  for (const GuardNote& note : notes) {
    EXPECT_EQ(note.action, GuardAction::kReplaced);
    EXPECT_EQ(note.owner, "match");
    for (const std::string& text : {note.field, note.sample}) {
      EXPECT_THAT(text, Not(HasSubstr("jane")));
      EXPECT_THAT(text, Not(HasSubstr("203.0")));
    }
    const std::string field = note.field.starts_with("eml_") ? "a token" : note.field;
    found[field] = std::to_string(note.count) + " " + note.sample;
  }
  EXPECT_EQ(found, (std::map<std::string, std::string>{{"host", "1 [ip]"},
                                                       {"text", "2 login [email] at ##:##"},
                                                       {"user.id", "1 [player_id]"},
                                                       {"name", "1 [email]"},
                                                       {"a token", "1 [ip]"}}));

  Door strict(Rules(guard::GuardMode::kEnforce));
  strict.intake.SetOrigin({});
  strict.Line("x", named);
  strict.Line("x", named);
  const SignalAttribute bad[] = {{"ip 203.0.113.7", SignalValue::Text("a")}};
  strict.intake.SetOrigin({.attributes = bad});
  strict.Line("x");
  found.clear();
  for (const GuardNote& note : strict.intake.guard_notes()) {
    if (note.action == GuardAction::kRefused)
      found[note.field] += std::to_string(note.count) + " " + note.sample + ";";
  }
  EXPECT_EQ(found, (std::map<std::string, std::string>{{"name", "2 [email];1 ip [ip];"}}));
}

TEST(Intake, WhatIsKeptWholeIsOnePayload) {
  Door door;
  door.intake.KeepWhole();
  door.intake.SetOrigin({});
  for (int i = 0; i < 50; ++i)
    door.Line(std::string(200'000, 'x'));
  const Written written = Read(door.intake);
  EXPECT_EQ(written.bodies.size(), 50U);
  EXPECT_EQ(written.payloads, 1U);
}

TEST(Intake, LargeRequestsAreSeveralPayloadsOfOneOrigin) {
  Door door;
  const SignalAttribute labels[] = {{"app", SignalValue::Text("game")}};
  door.intake.SetOrigin({.source = codec::SignalSource::kLoki, .attributes = labels});
  const std::string line(200'000, 'x');
  for (int i = 0; i < 50; ++i)
    door.Line(line);
  const Written written = Read(door.intake);
  EXPECT_EQ(written.bodies.size(), 50U);
  EXPECT_EQ(written.payloads, 3U);
  for (const auto& origin : written.origins)
    EXPECT_EQ(origin.at("app"), "game");
}

TEST(Intake, SpansNeedIds) {
  Door door(Rules(guard::GuardMode::kObserve, false), RecordKind::kSpans);
  const std::string trace(16, 't');
  const std::string span(8, 's');
  const SignalAttribute of_event[] = {{"note", SignalValue::Text("bob@example.org")}};
  const codec::SpanEvent events[] = {{kNowNs, "mail to bob@example.org", of_event, 0}};
  const codec::SpanLink links[] = {{trace, span, "", of_event, 0, 0}, {"short", span, "", {}, 0, 0}};
  door.intake.SetOrigin({});
  door.intake.Add(codec::SpanRecord{.trace_id = trace,
                                    .span_id = span,
                                    .name = "GET /players/bob@example.org",
                                    .start_ns = kNowNs,
                                    .end_ns = kNowNs + 5,
                                    .events = events,
                                    .links = links,
                                    .status_message = "no bob@example.org"});
  door.intake.Add(codec::SpanRecord{.trace_id = std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16),
                                    .span_id = span,
                                    .start_ns = kNowNs});
  door.intake.Add(codec::SpanRecord{.trace_id = trace, .span_id = "short", .start_ns = kNowNs});
  EXPECT_EQ(door.intake.refused_by_reason()[static_cast<std::size_t>(Refusal::kBadId)], 2U);
  const std::vector<Bytes> payloads = door.intake.TakePayloads();
  ASSERT_EQ(payloads.size(), 1U);
  codec::SignalBatchReader reader;
  ASSERT_TRUE(reader.Open(payloads[0]));
  ASSERT_TRUE(reader.Next().value());
  EXPECT_EQ(reader.span().name, "GET /players/[email]");
  EXPECT_EQ(reader.span().status_message, "no [email]");
  ASSERT_EQ(reader.span().events.size(), 1U);
  EXPECT_EQ(reader.span().events[0].name, "mail to [email]");
  EXPECT_EQ(reader.span().events[0].attributes[0].value.text, "[email]");
  ASSERT_EQ(reader.span().links.size(), 1U) << "a link to nothing is none";
  EXPECT_EQ(reader.span().links[0].attributes[0].value.text, "[email]");
  EXPECT_FALSE(reader.Next().value());
}

}  // namespace
}  // namespace tickscope::signals
