// YAML writer: the text is pinned, and whatever is written reads back to the same values.
#include "config/yaml_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml_reader.h"

namespace tickscope::config {
namespace {

TEST(YamlWriter, TextIsStableAndReadsBack) {
  YamlWriter out;
  out.Comment("Address to listen on.\nPort 0 takes a free one.");
  out.String("listen", "127.0.0.1:9280");
  out.BeginMap("stream");
  out.Comment("What it may keep.");
  out.Bytes("bytes_max", 10ULL << 30);
  out.DurationMs("age_max", 3'600'000);
  out.EndMap();
  out.BeginList("targets");
  out.BeginItem();
  out.String("address", "a:1");
  out.StringMap("labels", std::vector<std::pair<std::string, std::string>>{{"region", "eu"}});
  out.EndItem();
  out.BeginItem();
  out.Strings("zones", std::vector<std::string>{"a:1", "b, c"});
  out.EndItem();
  out.EndList();
  out.Bool("enabled", true);
  EXPECT_EQ(out.text(),
            "# Address to listen on.\n"
            "# Port 0 takes a free one.\n"
            "listen: 127.0.0.1:9280\n"
            "stream:\n"
            "  # What it may keep.\n"
            "  bytes_max: 10GiB\n"
            "  age_max: 1h\n"
            "targets:\n"
            "  - address: a:1\n"
            "    labels:\n"
            "      region: eu\n"
            "  - zones: [a:1, \"b, c\"]\n"
            "enabled: true\n");

  const auto document = YamlDocument::Parse(out.text(), "t.yaml");
  ASSERT_TRUE(document.has_value());
  YamlMap root = (*document)->root();
  EXPECT_EQ(root.String("listen", ""), "127.0.0.1:9280");
  EXPECT_EQ(root.Map("stream").Bytes("bytes_max", 0), 10ULL << 30);
  std::vector<YamlMap> targets = root.Maps("targets");
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_THAT(targets[0].StringMap("labels"), testing::ElementsAre(testing::Pair("region", "eu")));
  EXPECT_THAT(targets[1].Strings("zones"), testing::ElementsAre("a:1", "b, c"));
}

TEST(YamlWriter, AnyTextReadsBack) {
  for (const std::string value : {"",
                                  "plain",
                                  "a: b",
                                  "a:",
                                  ":a",
                                  "- a",
                                  "-",
                                  "#no comment",
                                  "*alias",
                                  "&anchor",
                                  "!tag",
                                  "null",
                                  "~",
                                  "yes",
                                  "true",
                                  "123",
                                  "\"quoted\"",
                                  "back\\slash",
                                  "tab\tline\nend",
                                  " lead",
                                  "trail ",
                                  "{a}",
                                  "[a]",
                                  "a,b",
                                  "%",
                                  "@",
                                  "`",
                                  "|",
                                  ">",
                                  "?",
                                  "é",
                                  "\x01"}) {
    SCOPED_TRACE(value);
    YamlWriter out;
    out.String("key", value);
    out.Strings("list", std::vector<std::string>{value, value});
    const auto document = YamlDocument::Parse(out.text(), "t.yaml");
    ASSERT_TRUE(document.has_value()) << document.error().message;
    YamlMap root = (*document)->root();
    EXPECT_EQ(root.String("key", "fallback"), value);
    EXPECT_THAT(root.Strings("list"), testing::ElementsAre(value, value));
    EXPECT_TRUE((*document)->Finish().has_value());
  }
}

}  // namespace
}  // namespace tickscope::config
