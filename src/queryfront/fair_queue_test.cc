// Turns of classes, tenants and users; bounds.
#include "queryfront/fair_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace tickscope::queryfront {
namespace {

using Queue = FairQueue<std::string>;

std::string Drain(Queue& queue) {
  std::string order;
  while (const auto item = queue.Pop())
    order += *item;
  return order;
}

TEST(FairQueue, ClassesHaveTheirWeights) {
  Queue queue({.items_max = 100, .tenant_items_max = 100, .user_items_max = 100});
  for (int i = 0; i < 15; ++i) {
    for (const auto& [query_class, name] :
         {std::pair{QueryClass::kAdHoc, "h"}, std::pair{QueryClass::kDashboard, "d"},
          std::pair{QueryClass::kRecording, "r"}, std::pair{QueryClass::kAlert, "a"}})
      EXPECT_FALSE(queue.Push(query_class, "t", "u", name));
  }
  const std::string order = Drain(queue).substr(0, 15);
  EXPECT_EQ(std::ranges::count(order, 'a'), 8);
  EXPECT_EQ(std::ranges::count(order, 'r'), 4);
  EXPECT_EQ(std::ranges::count(order, 'd'), 2);
  EXPECT_EQ(std::ranges::count(order, 'h'), 1);
}

TEST(FairQueue, TenantsAndUsersTakeTurns) {
  Queue queue({.items_max = 100, .tenant_items_max = 100, .user_items_max = 100});
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(queue.Push(QueryClass::kAdHoc, "t1", "greedy", "g"));
  EXPECT_FALSE(queue.Push(QueryClass::kAdHoc, "t1", "modest", "m"));
  EXPECT_FALSE(queue.Push(QueryClass::kAdHoc, "t2", "other", "o"));
  EXPECT_EQ(Drain(queue), "gomggg");
}

TEST(FairQueue, BoundsAreMet) {
  Queue queue({.items_max = 4, .tenant_items_max = 3, .user_items_max = 2});
  const auto push = [&](const char* tenant, const char* user) {
    return queue.Push(QueryClass::kAdHoc, tenant, user, "x");
  };
  EXPECT_FALSE(push("t", "u"));
  EXPECT_FALSE(push("t", "u"));
  EXPECT_EQ(push("t", "u"), QueueFull::kUser);
  EXPECT_FALSE(push("t", "v"));
  EXPECT_EQ(push("t", "w"), QueueFull::kTenant);
  EXPECT_FALSE(push("s", "u"));
  EXPECT_EQ(push("r", "u"), QueueFull::kAll);
  EXPECT_EQ(queue.size(), 4U);
}

TEST(FairQueue, PassesOverUsersThatMayNot) {
  Queue queue({.items_max = 100, .tenant_items_max = 100, .user_items_max = 100});
  EXPECT_FALSE(queue.Push(QueryClass::kAlert, "t", "busy", "b"));
  EXPECT_FALSE(queue.Push(QueryClass::kAdHoc, "t", "free", "f"));
  const auto may = [](const std::string&, const std::string& user) { return user != "busy"; };
  EXPECT_EQ(queue.PopIf(may), "f");
  EXPECT_EQ(queue.PopIf(may), std::nullopt);
  EXPECT_EQ(queue.Pop(), "b");
}

}  // namespace
}  // namespace tickscope::queryfront
