// YAML reader: each getter's accepted and refused values, and that a file's mistakes are all reported, each
// with its place, its setting and what was expected.
#include "config/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace tickscope::config {
namespace {

std::unique_ptr<YamlDocument> Document(std::string_view text) {
  auto document = YamlDocument::Parse(text, "t.yaml");
  EXPECT_TRUE(document.has_value());
  return *std::move(document);
}

TEST(YamlReader, ReadsEveryType) {
  const auto document = Document(
      "name: zone-a\nport: 9280\nquoted: \"9280\"\non: true\nload: 0.75\ninterval: 1m30s\nspool: 64MiB\n"
      "protocol: rw2\nzones: [a, b]\nlabels: {region: eu, zone: \"1\"}\nnested:\n  depth: -2\n"
      "targets:\n  - address: a:1\n  - address: b:2\n");
  YamlMap root = document->root();
  EXPECT_EQ(root.String("name", ""), "zone-a");
  EXPECT_EQ(root.Int("port", 0, {.min = 0, .max = 65'535}), 9280);
  EXPECT_EQ(root.String("quoted", ""), "9280");
  EXPECT_TRUE(root.Bool("on", false));
  EXPECT_EQ(root.Double("load", 0), 0.75);
  EXPECT_EQ(root.DurationMs("interval", 0), 90'000);
  EXPECT_EQ(root.Bytes("spool", 0), 67'108'864U);
  EXPECT_EQ(root.OneOf("protocol", 0, {"rw1", "rw2"}), 1U);
  EXPECT_THAT(root.Strings("zones"), testing::ElementsAre("a", "b"));
  EXPECT_THAT(root.StringMap("labels"),
              testing::ElementsAre(testing::Pair("region", "eu"), testing::Pair("zone", "1")));
  YamlMap labels = root.Map("labels");
  EXPECT_THAT(labels.Keys(), testing::ElementsAre("region", "zone"));
  for (const std::string& name : labels.Keys())
    (void)labels.String(name, "");
  EXPECT_EQ(root.Map("nested").Int("depth", 0), -2);
  std::vector<std::string> addresses;
  for (YamlMap target : root.Maps("targets"))
    addresses.push_back(target.RequiredString("address"));
  EXPECT_THAT(addresses, testing::ElementsAre("a:1", "b:2"));
  EXPECT_TRUE(document->Finish().has_value());
}

TEST(YamlReader, LeftOutReadsAsTheFallback) {
  const auto document = Document("nested:\n");
  YamlMap root = document->root();
  EXPECT_FALSE(root.Has("nested"));
  EXPECT_EQ(root.String("name", "x"), "x");
  EXPECT_EQ(root.Map("nested").Int("depth", 7), 7);
  EXPECT_EQ(root.Map("absent").Map("deeper").Bool("on", true), true);
  EXPECT_TRUE(root.Maps("targets").empty());
  EXPECT_TRUE(document->Finish().has_value());
}

TEST(YamlReader, SaysWhatWasExpectedAndWhere) {
  struct Case {
    const char* name;
    const char* text;
    std::function<void(YamlMap)> read;
    const char* message;
  };
  const Case cases[] = {
      {"number for a word", "port: http",
       [](YamlMap m) { (void)m.Int("port", 1, {.min = 1, .max = 65'535}); },
       "t.yaml:1:7: port: expected a whole number from 1 to 65535, got \"http\""},
      {"one past the range", "port: 65536",
       [](YamlMap m) { (void)m.Int("port", 1, {.min = 1, .max = 65'535}); },
       "t.yaml:1:7: port: expected a whole number from 1 to 65535, got \"65536\""},
      {"fraction for a whole number", "port: 1.5", [](YamlMap m) { (void)m.Int("port", 1); },
       "t.yaml:1:7: port: expected a whole number, got \"1.5\""},
      {"past 64 bits", "port: 9223372036854775808", [](YamlMap m) { (void)m.Int("port", 1); },
       "t.yaml:1:7: port: expected a whole number, got \"9223372036854775808\""},
      {"bool by another word", "on: yes", [](YamlMap m) { (void)m.Bool("on", true); },
       "t.yaml:1:5: on: expected true or false, got \"yes\""},
      {"not finite", "load: nan", [](YamlMap m) { (void)m.Double("load", 1); },
       "t.yaml:1:7: load: expected a number, got \"nan\""},
      {"duration without a unit", "wait: 10", [](YamlMap m) { (void)m.DurationMs("wait", 1); },
       "t.yaml:1:7: wait: expected a duration such as 10s of at least 0s, got \"10\""},
      {"duration too short", "wait: 10ms",
       [](YamlMap m) { (void)m.DurationMs("wait", 1, {.min = 1'000, .max = 60'000}); },
       "t.yaml:1:7: wait: expected a duration such as 10s from 1s to 1m, got \"10ms\""},
      {"size too small", "spool: 1KiB", [](YamlMap m) { (void)m.Bytes("spool", 1, {.min = 1 << 20}); },
       "t.yaml:1:8: spool: expected a size such as 64MiB of at least 1MiB, got \"1KiB\""},
      {"not one of", "protocol: rw3", [](YamlMap m) { (void)m.OneOf("protocol", 0, {"rw1", "rw2"}); },
       "t.yaml:1:11: protocol: expected one of rw1, rw2, got \"rw3\""},
      {"list for a value", "name: [a]", [](YamlMap m) { (void)m.String("name", ""); },
       "t.yaml:1:7: name: expected a single value, got a list"},
      {"nothing for a value", "name:", [](YamlMap m) { (void)m.String("name", ""); },
       "t.yaml:1:1: name: expected a single value, got nothing"},
      {"value for a list", "zones: a", [](YamlMap m) { (void)m.Strings("zones"); },
       "t.yaml:1:8: zones: expected a list, got \"a\""},
      {"map in a list of values", "zones: [a, {b: c}]", [](YamlMap m) { (void)m.Strings("zones"); },
       "t.yaml:1:12: zones[1]: expected a single value, got a map"},
      {"list in a map of values", "labels: {a: [b]}", [](YamlMap m) { (void)m.StringMap("labels"); },
       "t.yaml:1:13: labels.a: expected a single value, got a list"},
      {"value for a map", "nested: a", [](YamlMap m) { (void)m.Map("nested"); },
       "t.yaml:1:9: nested: expected a map, got \"a\""},
      {"value in a list of maps", "targets: [a]", [](YamlMap m) { (void)m.Maps("targets"); },
       "t.yaml:1:11: targets[0]: expected a map, got \"a\""},
      {"required, deep", "targets:\n  - {}\n",
       [](YamlMap m) {
         for (YamlMap target : m.Maps("targets"))
           (void)target.RequiredString("address");
       },
       "t.yaml:2:5: targets[0].address: required, but not given"},
      {"meaning", "to: ftp://a", [](YamlMap m) { m.Complain("to", "expected an http:// URL"); },
       "t.yaml:1:5: to: expected an http:// URL"},
      {"control bytes are not echoed", "port: \"\\e[31m\"", [](YamlMap m) { (void)m.Int("port", 1); },
       "t.yaml:1:7: port: expected a whole number, got \"?[31m\""},
      {"unknown, near", "prot: 1", [](YamlMap m) { (void)m.Int("port", 1); },
       "t.yaml:1:1: unknown key \"prot\", did you mean \"port\"?"},
      {"unknown, nothing near", "nested: {verbosity: 1}",
       [](YamlMap m) {
         YamlMap nested = m.Map("nested");
         (void)nested.Int("port", 1);
         (void)nested.String("name", "");
       },
       "t.yaml:1:10: unknown key \"verbosity\" in nested, expected one of port, name"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto document = Document(c.text);
    c.read(document->root());
    const Status status = document->Finish();
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(status.error().message, c.message);
  }
}

TEST(YamlReader, ReportsAllMistakesInFileOrderUpToABound) {
  const auto document = Document("b: x\nunknown: 1\na: y\n");
  YamlMap root = document->root();
  (void)root.Int("a", 0);
  (void)root.Int("b", 0);
  EXPECT_EQ(document->Finish().error().message,
            "t.yaml:1:4: b: expected a whole number, got \"x\"\n"
            "t.yaml:2:1: unknown key \"unknown\", expected one of a, b\n"
            "t.yaml:3:4: a: expected a whole number, got \"y\"");

  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "key_" + std::to_string(i) + ": 1\n";
  const auto flooded = Document(text);
  (void)flooded->root().Int("a", 0);
  EXPECT_TRUE(flooded->Finish().error().message.ends_with("t.yaml: 88 more mistakes"));
}

TEST(YamlReader, TheTopIsAMap) {
  EXPECT_EQ(YamlDocument::Parse("- a\n", "t.yaml").error().message,
            "t.yaml:1:1: expected a map of settings, got a list");
  EXPECT_TRUE(YamlDocument::Parse("", "t.yaml").has_value());
}

}  // namespace
}  // namespace tickscope::config
