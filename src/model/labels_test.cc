// Labels: the invariants every other part relies on, and the text forms users see.
#include "model/labels.h"

#include <gtest/gtest.h>

namespace tickscope {
namespace {

TEST(Labels, SortsAndDropsEmptyValues) {
  const Labels labels{{"b", "2"}, {"a", "1"}, {"c", ""}};
  EXPECT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels.Get("a"), "1");
  EXPECT_EQ(labels.Get("b"), "2");
  EXPECT_FALSE(labels.Has("c"));
  EXPECT_EQ(labels, (Labels{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(labels.Hash(), (Labels{{"a", "1"}, {"b", "2"}}).Hash());
}

TEST(Labels, LongValuesSurvivePacking) {
  const std::string value(100'000, 'x');
  const Labels labels{{"a", value}, {"b", "tail"}};
  EXPECT_EQ(labels.Get("a"), value);
  EXPECT_EQ(labels.Get("b"), "tail");
}

TEST(Labels, OrdersByNameThenValueThenLength) {
  EXPECT_LT((Labels{{"a", "1"}}), (Labels{{"a", "2"}}));
  EXPECT_LT((Labels{{"a", "2"}}), (Labels{{"b", "1"}}));
  EXPECT_LT((Labels{{"a", "1"}}), (Labels{{"a", "1"}, {"b", "1"}}));
  EXPECT_LT(Labels{}, (Labels{{"a", "1"}}));
}

TEST(Labels, PrintsAsSelectorsDo) {
  EXPECT_EQ(Labels{}.ToString(), "{}");
  EXPECT_EQ((Labels{{"__name__", "up"}}).ToString(), "up");
  EXPECT_EQ((Labels{{"__name__", "up"}, {"job", "a\"b"}}).ToString(), "up{job=\"a\\\"b\"}");
  EXPECT_EQ((Labels{{"__name__", "a.b"}, {"x.y", "1"}}).ToString(), "{\"a.b\", \"x.y\"=\"1\"}");
}

TEST(Labels, BuilderSetsReplacesAndDeletes) {
  LabelsBuilder builder(Labels{{"a", "1"}, {"b", "2"}});
  builder.Set("c", "3").Set("a", "").Set("b", "4").Delete("missing");
  EXPECT_EQ(builder.Build(), (Labels{{"b", "4"}, {"c", "3"}}));
}

TEST(Utf8, AcceptsAndRefuses) {
  EXPECT_TRUE(IsValidUtf8("plain"));
  EXPECT_TRUE(IsValidUtf8("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
  }
}

}  // namespace
}  // namespace tickscope
