// Closest name: near misses are found, far ones are not guessed.
#include "config/closest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace tickscope::config {
namespace {

TEST(ClosestName, FindsNearMissesOnly) {
  const std::vector<std::string> known = {"listen", "scrape_interval", "scrape_timeout", "to"};
  struct Case {
    const char* name;
    const char* closest;
  };
  const Case cases[] = {{"lisen", "listen"},
                        {"lsiten", "listen"},
                        {"scrape_intervall", "scrape_interval"},
                        {"scrapeinterval", "scrape_interval"},
                        {"ot", "to"},
                        {"verbosity", ""},
                        {"", ""}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ClosestName(c.name, known), c.closest);
  }
  EXPECT_EQ(ClosestName(std::string(65, 'a'), std::vector<std::string>{std::string(65, 'a')}), "");
}

}  // namespace
}  // namespace tickscope::config
