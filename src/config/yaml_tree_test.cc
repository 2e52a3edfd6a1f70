// YAML tree: the part of YAML that is accepted, and that everything else is refused with its place.
#include "config/yaml_tree.h"

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
            "t.yaml: too large: got 4194305 bytes, want <= 4194304");
}

}  // namespace
}  // namespace tickscope::config
