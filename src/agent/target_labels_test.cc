// Target labels against scraped ones: who wins, and where the loser goes.
#include "agent/target_labels.h"

#include <gtest/gtest.h>

namespace tickscope::agent {
namespace {

TEST(ApplyTargetLabels, Clashes) {
  const Labels target{{"instance", "a:1"}, {"job", "node"}};
  const Labels external{{"region", "eu"}};
  struct Case {
    const char* name;
    Labels scraped;
    bool honor;
    const char* result;
  };
  const Case cases[] = {
      {"no clash",
       {{"__name__", "m"}, {"x", "1"}},
       false,
       "m{instance=\"a:1\", job=\"node\", region=\"eu\", x=\"1\"}"},
      {"target wins",
       {{"__name__", "m"}, {"job", "self"}},
       false,
       "m{exported_job=\"self\", instance=\"a:1\", job=\"node\", region=\"eu\"}"},
      {"exported is taken",
       {{"__name__", "m"}, {"job", "self"}, {"exported_job", "old"}},
       false,
       "m{exported_exported_job=\"self\", exported_job=\"old\", instance=\"a:1\", job=\"node\", "
       "region=\"eu\"}"},
      {"honored",
       {{"__name__", "m"}, {"job", "self"}},
       true,
       "m{instance=\"a:1\", job=\"self\", region=\"eu\"}"},
      {"external never replaces",
       {{"__name__", "m"}, {"region", "us"}},
       false,
       "m{instance=\"a:1\", job=\"node\", region=\"us\"}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TargetConfig config{.labels = target};
    config.honor_labels = c.honor;
    EXPECT_EQ(ApplyTargetLabels(c.scraped, config, external).value().ToString(), c.result);
  }
}

}  // namespace
}  // namespace tickscope::agent
