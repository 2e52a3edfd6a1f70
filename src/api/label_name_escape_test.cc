// Escaped label names: what Grafana sends for UTF-8 names, and that damaged escapes stay what they are.
#include "api/label_name_escape.h"

#include <gtest/gtest.h>

namespace tickscope::api {
namespace {

TEST(LabelNameEscape, Unescapes) {
  struct Case {
    const char* name;
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"no prefix", "region", "region"},
      {"no prefix, looks escaped", "a_2e_b", "a_2e_b"},
      {"nothing to undo", "U__region", "region"},
      {"dot", "U__a_2e_b", "a.b"},
      {"upper-case digits", "U__a_2E_b", "a.b"},
      {"underscore", "U__a__b", "a_b"},
      {"two underscores", "U__a____b", "a__b"},
      {"two, three and four bytes", "U___e9__20ac__1f600_", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"nothing", "U__", ""},
      {"not hex", "U__a_zz_b", "U__a_zz_b"},
      {"sign", "U__a_-1_b", "U__a_-1_b"},
      {"unclosed", "U__a_2e", "U__a_2e"},
      {"lone underscore at the end", "U__a_", "U__a_"},
      {"surrogate", "U___d800_", "U___d800_"},
      {"past Unicode", "U___110000_", "U___110000_"},
      {"too many digits", "U___000002e_", "U___000002e_"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(UnescapeLabelName(c.text), c.want);
  }
}

}  // namespace
}  // namespace tickscope::api
