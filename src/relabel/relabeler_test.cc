// Relabeler: each action on what it is for and on what it leaves alone, and rules that are refused.
#include "relabel/relabeler.h"

#include <gtest/gtest.h>

#include <optional>

namespace tickscope::relabel {
namespace {

// The labels behind the rule; nothing when it drops them.
std::string Result(const Labels& labels, const RelabelRule& rule) {
  const auto relabeler = Relabeler::Make({rule});
  EXPECT_TRUE(relabeler.has_value()) << relabeler.error().message;
  LabelsBuilder builder(labels);
  return relabeler->Apply(builder) ? builder.Build().ToString() : "dropped";
}

TEST(Relabeler, Actions) {
  const Labels labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};
  const struct {
    const char* what;
    RelabelRule rule;
    const char* result;
  } cases[] = {
      {"the default copies the sources",
       {.source_labels = {"a", "b"}, .target_label = "d"},
       R"({a="foo", b="bar", c="baz", d="foo;bar"})"},
      {"groups by number, in braces and by name",
       {.source_labels = {"a"},
        .regex = "(f)(?P<rest>.*)",
        .target_label = "d",
        .replacement = "${1}-$rest-$$-$9-$"},
       R"({a="foo", b="bar", c="baz", d="f-oo-$--$"})"},
      {"a name takes all it can",
       {.source_labels = {"a"}, .target_label = "d", .replacement = "x$1y"},
       R"({a="foo", b="bar", c="baz", d="x"})"},
      {"a regex matches the whole",
       {.source_labels = {"a"}, .regex = "f", .target_label = "d", .replacement = "x"},
       R"({a="foo", b="bar", c="baz"})"},
      {"a dot is any character",
       {.source_labels = {"a", "b"},
        .separator = "\n",
        .regex = "foo.bar",
        .target_label = "d",
        .replacement = "x"},
       R"({a="foo", b="bar", c="baz", d="x"})"},
      {"what becomes empty is deleted",
       {.source_labels = {"a"}, .target_label = "b", .replacement = ""},
       R"({a="foo", c="baz"})"},
      {"no sources are an empty text",
       {.target_label = "d", .replacement = "static"},
       R"({a="foo", b="bar", c="baz", d="static"})"},
      {"a target's name from the match",
       {.source_labels = {"a"}, .target_label = "x_$1", .replacement = "1"},
       R"({a="foo", b="bar", c="baz", x_foo="1"})"},
      {"a target's name that is none does nothing",
       {.source_labels = {"nothing"}, .target_label = "$1", .replacement = "1"},
       R"({a="foo", b="bar", c="baz"})"},
      {"keep",
       {.source_labels = {"a"}, .regex = "fo+", .action = Action::kKeep},
       R"({a="foo", b="bar", c="baz"})"},
      {"keep drops", {.source_labels = {"a"}, .regex = "f", .action = Action::kKeep}, "dropped"},
      {"drop",
       {.source_labels = {"a", "b"}, .separator = "-", .regex = "foo-bar", .action = Action::kDrop},
       "dropped"},
      {"drop keeps",
       {.source_labels = {"a"}, .regex = "bar", .action = Action::kDrop},
       R"({a="foo", b="bar", c="baz"})"},
      {"keepequal", {.source_labels = {"a"}, .target_label = "b", .action = Action::kKeepEqual}, "dropped"},
      {"dropequal",
       {.source_labels = {"a"}, .target_label = "b", .action = Action::kDropEqual},
       R"({a="foo", b="bar", c="baz"})"},
      {"dropequal of what is not there",
       {.source_labels = {"x"}, .target_label = "y", .action = Action::kDropEqual},
       "dropped"},
      {"lowercase",
       {.source_labels = {"a"}, .target_label = "d", .action = Action::kUppercase},
       R"({a="foo", b="bar", c="baz", d="FOO"})"},
      {"labelmap",
       {.regex = "([ab])", .replacement = "my_$1", .action = Action::kLabelMap},
       R"({a="foo", b="bar", c="baz", my_a="foo", my_b="bar"})"},
      {"labeldrop", {.regex = "[ab]", .action = Action::kLabelDrop}, R"({c="baz"})"},
      {"labelkeep", {.regex = "[ab]", .action = Action::kLabelKeep}, R"({a="foo", b="bar"})"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(Result(labels, c.rule), c.result) << c.what;
}

// The last eight bytes of MD5, computed with another program.
TEST(Relabeler, ShardsAreThoseOfPrometheus) {
  RelabelRule rule{
      .source_labels = {"a"}, .modulus = 1'000'000'007, .target_label = "shard", .action = Action::kHashMod};
  EXPECT_EQ(Result(Labels{{"a", "foo"}}, rule), R"({a="foo", shard="819793643"})");
  EXPECT_EQ(Result(Labels{{"b", "x"}}, rule), R"({b="x", shard="493334464"})");
}

TEST(Relabeler, RulesFollowEachOther) {
  const auto relabeler = Relabeler::Make({{.source_labels = {"a"}, .target_label = "t"},
                                          {.source_labels = {"t"}, .regex = "no", .action = Action::kDrop},
                                          {.regex = "a", .action = Action::kLabelDrop}})
                             .value();
  LabelsBuilder builder(Labels{{"a", "yes"}});
  EXPECT_TRUE(relabeler.Apply(builder));
  EXPECT_EQ(builder.Build().ToString(), R"({t="yes"})");
  builder.Reset(Labels{{"a", "no"}});
  EXPECT_FALSE(relabeler.Apply(builder));
}

TEST(Relabeler, WhatCannotBeIsRefused) {
  const struct {
    RelabelRule rule;
    const char* says;
  } cases[] = {
      {{.source_labels = {"a"}}, "needs a target_label"},
      {{.source_labels = {"a"}, .target_label = "t", .action = Action::kHashMod}, "modulus"},
      {{.regex = "(", .action = Action::kKeep}, "does not compile"},
      {{.regex = "(a{500}){500}", .action = Action::kKeep}, "does not compile"},
      {{.source_labels = {"a"}, .regex = "x", .action = Action::kLabelDrop}, "regex only"},
      {{.source_labels = {"a"}, .regex = "x", .target_label = "t", .action = Action::kKeepEqual}, "only"},
      {{.source_labels = {"a"}, .target_label = "\xff"}, "UTF-8"},
  };
  for (const auto& c : cases) {
    const auto relabeler = Relabeler::Make({RelabelRule{.action = Action::kDrop}, c.rule});
    ASSERT_FALSE(relabeler.has_value()) << c.says;
    EXPECT_EQ(relabeler.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(relabeler.error().message.find(c.says), std::string::npos) << relabeler.error().message;
    EXPECT_NE(relabeler.error().message.find("rule 2"), std::string::npos) << relabeler.error().message;
  }
}

}  // namespace
}  // namespace tickscope::relabel
