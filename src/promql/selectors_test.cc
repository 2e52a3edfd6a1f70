// Every selector of an expression is found, wherever it stands.
#include "promql/selectors.h"

#include <gtest/gtest.h>

#include "promql/parser.h"

namespace tickscope::promql {
namespace {

// The names that selectors ask for.
std::string NamesIn(std::string_view text) {
  const auto expr = ParseExpr(text, {});
  if (!expr) return expr.error().message;
  std::string names;
  for (const std::vector<Matcher>& matchers : SelectorsOf(**expr)) {
    for (const Matcher& matcher : matchers)
      names += matcher.value() + " ";
  }
  return names;
}

TEST(Selectors, AreFoundInEveryKindOfNode) {
  EXPECT_EQ(NamesIn("1 + time()"), "");
  EXPECT_EQ(NamesIn("a"), "a ");
  EXPECT_EQ(NamesIn("{x=\"y\", __name__=\"b\"}"), "y b ");
  EXPECT_EQ(NamesIn("-(rate(a[5m]) + on() b)"), "a b ");
  EXPECT_EQ(NamesIn("topk(scalar(k), a)"), "k a ");
  EXPECT_EQ(NamesIn("max_over_time(sum by (x) (a)[1h:5m]) > bool 3"), "a ");
  EXPECT_EQ(NamesIn("label_replace(a, \"b\", \"c\", \"d\", \"e\")"), "a ");
}

}  // namespace
}  // namespace tickscope::promql
