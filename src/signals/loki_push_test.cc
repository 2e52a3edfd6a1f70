// Loki's push: both forms give the same lines in the same order, a bad stream costs its own lines, and nothing malformed is
// taken for a request.
#include "signals/loki_push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "signals/loki_labels.h"

namespace tickscope::signals {
namespace {

using codec::SignalAttribute;
using testing::HasSubstr;

constexpr TimeMs kNow = 1'700'000'000'000;

struct Entry {
  std::int64_t seconds = 1'700'000'000;
  std::int32_t nanos = 0;
  std::string line;
  std::vector<std::pair<std::string, std::string>> metadata;
};

std::string Push(const std::vector<std::pair<std::string, std::vector<Entry>>>& streams) {
  std::string message;
  protozero::pbf_writer request(message);
  for (const auto& [labels, entries] : streams) {
    protozero::pbf_writer stream(request, 1);
    stream.add_string(1, labels);
    for (const Entry& entry : entries) {
      protozero::pbf_writer out(stream, 2);
      {
        protozero::pbf_writer stamp(out, 1);
        stamp.add_int64(1, entry.seconds);
        stamp.add_int32(2, entry.nanos);
      }
      out.add_string(2, entry.line);
      for (const auto& [name, value] : entry.metadata) {
        protozero::pbf_writer pair(out, 3);
        pair.add_string(1, name);
        pair.add_string(2, value);
      }
    }
  }
  return message;
}

std::string Describe(codec::SignalAttributes attributes) {
  std::string text;
  for (const SignalAttribute& attribute : attributes)
    text += std::string(attribute.name) + "=" + std::string(attribute.value.text) + " ";
  return text;
}

struct Decoded {
  explicit Decoded(std::string_view message, bool is_json = false)
      : intake(options, Rules(), codec::RecordKind::kLogs, "eu", kNow) {
    JsonPushReader json;
    status = is_json ? json.Decode(message, options, intake) : DecodePush(message, options, intake);
    if (!status) return;
    for (const Bytes& payload : intake.TakePayloads()) {
      codec::SignalBatchReader reader;
      EXPECT_TRUE(reader.Open(payload));
      while (reader.Next().value()) {
        EXPECT_EQ(reader.origin().source, codec::SignalSource::kLoki);
        lines.push_back(Describe(reader.origin().attributes) + "| " + std::to_string(reader.log().time_ns) +
                        " " + std::string(reader.log().body.text) + " | " +
                        Describe(reader.log().attributes));
      }
    }
  }
  static std::shared_ptr<PrivacyRules> Rules() {
    auto rules = std::make_shared<PrivacyRules>();
    rules->scanner = guard::PiiScanner::Make({}).value();
    return rules;
  }

  SignalOptions options;
  Intake intake;
  Status status;
  std::vector<std::string> lines;
};

const std::vector<std::string> kTwoStreams = {
    "app=game region=eu | 1700000000000000002 second first | ",
    "app=game region=eu | 1700000000000000001 first second | match=m1 ",
    "app=agent | 1699999999000000000 mail [email] | ",
};

TEST(LokiPush, ProtobufLinesKeepTheirOrder) {
  const Decoded decoded(
      Push({{R"({region="eu", app="game"})",
             {{.nanos = 2, .line = "second first"},
              {.nanos = 1, .line = "first second", .metadata = {{"match", "m1"}}}}},
            {R"({app="agent"})", {{.seconds = 1'699'999'999, .line = "mail jane@example.com"}}}}));
  ASSERT_TRUE(decoded.status);
  EXPECT_EQ(decoded.lines, kTwoStreams);
  EXPECT_EQ(decoded.intake.refused(), 0U);
}

TEST(LokiPush, JsonSaysTheSame) {
  const Decoded decoded(R"({"streams":[
    {"stream":{"region":"eu","app":"game","empty":""},
     "values":[["1700000000000000002","second first"],[1700000000000000001,"first second",{"match":"m1"}]]},
    {"values":[["1699999999000000000","mail jane@example.com"]],"stream":{"app":"agent"}}]})",
                        true);
  ASSERT_TRUE(decoded.status);
  EXPECT_EQ(decoded.lines, kTwoStreams);
}

TEST(LokiPush, ABadStreamCostsItsLines) {
  const Decoded decoded(
      Push({{"{app=game}", {{.line = "a"}, {.line = "b"}}},
            {"{}", {{.line = "c"}}},
            {R"({a="1"})", {{.line = "d"}, {.seconds = 1, .line = "e"}, {.seconds = -1, .line = "f"}}}}));
  ASSERT_TRUE(decoded.status);
  EXPECT_EQ(decoded.lines, std::vector<std::string>{"a=1 | 1700000000000000000 d | "});
  EXPECT_EQ(decoded.intake.refused_by_reason()[static_cast<std::size_t>(Refusal::kBadLabels)], 3U);
  EXPECT_EQ(decoded.intake.refused_by_reason()[static_cast<std::size_t>(Refusal::kTooOld)], 1U);
  EXPECT_EQ(decoded.intake.refused_by_reason()[static_cast<std::size_t>(Refusal::kTooNew)], 1U);
  EXPECT_THAT(decoded.intake.Explanation(), HasSubstr("stream labels: at byte 5: want a text in quotes"));
}

TEST(LokiPush, MetadataHasABound) {
  Entry entry{.line = "a"};
  for (std::size_t i = 0; i < kMetadataMax; ++i)
    entry.metadata.emplace_back(std::string("k").append(std::to_string(i)), "v");
  EXPECT_EQ(Decoded(Push({{R"({a="1"})", {entry}}})).lines.size(), 1U);
  entry.metadata.emplace_back("one", "more");
  const Decoded decoded(Push({{R"({a="1"})", {entry, {.line = "b"}}}}));
  EXPECT_EQ(decoded.lines.size(), 1U);
  EXPECT_EQ(decoded.intake.refused_by_reason()[static_cast<std::size_t>(Refusal::kTooMany)], 1U);
}

TEST(LokiPush, RefusesWhatIsNoRequest) {
  const char* const texts[] = {
      "",
      "[]",
      "{",
      R"({"streams":1})",
      R"({"streams":[1]})",
      R"({"streams":[{"stream":[]}]})",
      R"({"streams":[{"stream":{"a":1}}]})",
      R"({"streams":[{"stream":{"a":"1"},"values":{}}]})",
      R"({"streams":[{"stream":{"a":"1"},"values":[["1"]]}]})",
      R"({"streams":[{"stream":{"a":"1"},"values":[["x","line"]]}]})",
      R"({"streams":[{"stream":{"a":"1"},"values":[["1x","line"]]}]})",
      R"({"streams":[{"stream":{"a":"1"},"values":[["1",2]]}]})",
      R"({"streams":[{"stream":{"a":"1"},"values":[["1","line",{"a":1}]]}]})",
      R"({"streams":[{"stream":{"a":"1"},"values":[["1","line",{},{}]]}]})",
      R"([[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]])",
  };
  for (const char* const text : texts)
    EXPECT_EQ(Decoded(text, true).status.error().code, ErrorCode::kCorruption) << text;
  EXPECT_TRUE(Decoded(R"({})", true).status);
  EXPECT_TRUE(Decoded(R"({"streams":[{"stream":{"a":"1"},"values":[]}]})", true).status);

  const std::string whole = Push({{R"({a="1"})", {{.line = "abc"}}}});
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_EQ(Decoded(whole.substr(0, size)).status.error().code, ErrorCode::kCorruption) << size;
  EXPECT_EQ(Decoded(std::string("\x08\x01\x0a\x02\x0a", 5)).status.error().code, ErrorCode::kCorruption);
}

TEST(StreamLabels, AreReadAsLokiReadsThem) {
  struct Case {
    const char* text;
    const char* want;  // Null when refused.
  };
  const Case cases[] = {
      {R"({a="1"})", "a=1 "},
      {R"(  { b = "2" , a="1", } )", "a=1 b=2 "},
      {R"({a="x\"y\\z\n\t\u00e9\x41\101"})", "a=x\"y\\z\n\téAA "},
      {"{a=`x\\\"y`}", "a=x\\\"y "},
      {R"({a="1",b=""})", "a=1 "},
      {R"({_="1",a9="2"})", "_=1 a9=2 "},
      {"", nullptr},
      {"{", nullptr},
      {"{}", nullptr},
      {R"({a=""})", nullptr},
      {R"({a="1"}x)", nullptr},
      {R"({a="1" b="2"})", nullptr},
      {R"({,a="1"})", nullptr},
      {R"({9a="1"})", nullptr},
      {R"({a.b="1"})", nullptr},
      {R"({a="1",a="2"})", nullptr},
      {R"({a="1)", nullptr},
      {R"({a="\q"})", nullptr},
      {R"({a="\ud800"})", nullptr},
      {R"({a="\777"})", nullptr},
      {R"({a='1'})", nullptr},
      {R"({a=~"1"})", nullptr},
      {R"({a="1",b="1",c="1",d="1"})", nullptr},
  };
  for (const Case& c : cases) {
    TextPool pool;
    std::vector<SignalAttribute> labels;
    const Status parsed = ParseStreamLabels(c.text, 3, pool, labels);
    EXPECT_EQ(parsed.has_value(), c.want != nullptr) << c.text;
    if (parsed && c.want != nullptr) {
      EXPECT_EQ(Describe(labels), c.want) << c.text;
    }
  }
}

}  // namespace
}  // namespace tickscope::signals
