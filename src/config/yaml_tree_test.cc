// YAML tree: the part of YAML that is accepted, and that everything else is refused with its place.
#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tickscope::config {
namespace {

TEST(YamlTree, KeepsOrderPlacesAndText) {
  const auto root = ParseYaml("listen: 127.0.0.1:9280\nlimits:\n  - a\n  - \"b: c\"\nempty:\n", "t.yaml");
  ASSERT_TRUE(root.has_value());
  ASSERT_EQ(root->entries.size(), 3U);
  EXPECT_EQ(root->entries[0].key, "listen");
  EXPECT_EQ(root->entries[0].value.scalar, "127.0.0.1:9280");
  EXPECT_EQ(root->entries[0].value.position.line, 1);
  EXPECT_EQ(root->entries[0].value.position.column, 9);
  ASSERT_EQ(root->entries[1].value.items.size(), 2U);
  EXPECT_EQ(root->entries[1].value.items[1].scalar, "b: c");
  EXPECT_EQ(root->entries[1].value.items[1].position.line, 4);
  EXPECT_EQ(root->entries[2].value.kind, YamlKind::kNull);
  EXPECT_EQ(root->Find("absent"), nullptr);
}

TEST(YamlTree, EmptyTextsAreNull) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n"}) {
    SCOPED_TRACE(text);
    const auto root = ParseYaml(text, "t.yaml");
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(root->kind, YamlKind::kNull);
  }
}

TEST(YamlTree, RefusesWithPlaceAndReason) {
  struct Case {
    const char* name;
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"alias", "a: &x 1\nb: *x\n", "t.yaml:1:4: anchors (&name) are not accepted: write the value out"},
      {"tag", "a: !!int 1\n", "t.yaml:1:4: tags (!name) are not accepted"},
      {"same key twice", "a: 1\nb: 2\na: 3\n", "t.yaml:3:1: key \"a\" is given twice in the same map"},
      {"map as a key", "? {a: 1}\n: 2\n", "t.yaml:1:3: expected a key, got a map"},
      {"second document", "a: 1\n---\nb: 1\n", "t.yaml:3:1: expected one document, got a second one"},
      {"bad indentation", "a:\n  - 1\n b: 2\n", "t.yaml:3:2: not valid YAML: end of map not found"},
      {"open bracket", "a: [1, 2\n", "t.yaml:2:1: not valid YAML: end of sequence flow not found"},
      {"open quote", "a: \"x\n", "t.yaml:2:2: not valid YAML: illegal EOF in scalar"},
      {"open quote, no line end", "a: 'x", "t.yaml:2:2: not valid YAML: illegal EOF in scalar"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto root = ParseYaml(c.text, "t.yaml");
    ASSERT_FALSE(root.has_value());
    EXPECT_EQ(root.error().message, c.message);
    EXPECT_EQ(root.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(YamlTree, BoundsDepthNodesAndSize) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(ParseYaml(nested(kYamlDepthMax), "t.yaml").has_value());
  EXPECT_EQ(ParseYaml(nested(kYamlDepthMax + 1), "t.yaml").error().message,
            "t.yaml:1:33: nested too deep: the limit is 32");
  EXPECT_FALSE(ParseYaml(std::string(100'000, '['), "t.yaml").has_value());

  std::string many;
  for (std::size_t i = 0; i <= kYamlNodesMax; ++i)
    many += "- \n";
  EXPECT_EQ(ParseYaml(many, "t.yaml").error().code, ErrorCode::kOutOfRange);

  EXPECT_EQ(ParseYaml(std::string(kYamlBytesMax + 1, ' '), "t.yaml").error().message,
            "t.yaml:1:1: too large: got 4194305 bytes, want <= 4194304");
}

TEST(YamlTree, WritesAliasesOutWhereAsked) {
  const auto root =
      ReadYaml("a: &x {k: 1, v: 2}\nb: *x\nc: {<<: *x, v: 3}\nd: {<<: [{w: 4}, *x]}\n", {.aliases = true});
  ASSERT_TRUE(root.has_value()) << root.error().text;
  EXPECT_EQ(root->Find("b")->value.Find("v")->value.scalar, "2");
  EXPECT_EQ(root->Find("b")->value.Find("v")->value.position.line, 1);  // Where it is written.
  EXPECT_EQ(root->Find("c")->value.Find("v")->value.scalar, "3");
  EXPECT_EQ(root->Find("c")->value.Find("k")->value.scalar, "1");
  EXPECT_EQ(root->Find("c")->value.Find("<<"), nullptr);
  EXPECT_EQ(root->Find("d")->value.entries.size(), 3U);
}

TEST(YamlTree, BoundsWhatAliasesExpandTo) {
  // Ten levels of ten: 10^10 values in 400 bytes.
  std::string bomb = "l0: &l0 [x]\n";
  for (int level = 1; level <= 10; ++level) {
    bomb += fmt::format("l{0}: &l{0} [", level);
    for (int i = 0; i < 10; ++i)
      bomb += fmt::format("{}*l{}", i == 0 ? "" : ", ", level - 1);
    bomb += "]\n";
  }
  EXPECT_EQ(ReadYaml(bomb, {.aliases = true}).error().code, ErrorCode::kOutOfRange);

  // Each line one level deeper than the one before.
  std::string deep = "l0: &l0 [x]\n";
  for (int level = 1; level <= 40; ++level)
    deep += fmt::format("l{0}: &l{0} [*l{1}]\n", level, level - 1);
  EXPECT_EQ(ReadYaml(deep, {.aliases = true}).error().text, "nested too deep: the limit is 32");

  // Few values, each a megabyte.
  std::string wide = "a: &a \"" + std::string(1 << 20, 'x') + "\"\nb: [*a, *a, *a, *a, *a]\n";
  EXPECT_EQ(ReadYaml(wide, {.aliases = true}).error().code, ErrorCode::kOutOfRange);

  EXPECT_EQ(ReadYaml("a: &a [1, *a]\n", {.aliases = true}).error().text,
            "an alias (*name) inside what it stands for");
  EXPECT_EQ(ReadYaml("a: &a 1\nb: {<<: *a}\n", {.aliases = true}).error().text,
            "expected a map or a list of maps to merge (<<)");
}

TEST(YamlTree, LeavesFurtherDocumentsWhereAsked) {
  const auto root = ReadYaml("a: 1\n---\nb: [\n", {.only_first_document = true});
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(root->Find("a")->value.scalar, "1");
}

}  // namespace
}  // namespace tickscope::config
