// Slots: how many, for whom, and who goes when the wait stays long.
#include "queryfront/admission.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "base/worker_pool.h"
#include "queryfront/user_budgets.h"

namespace tickscope::queryfront {
namespace {

using std::chrono::milliseconds;

class AdmissionTest : public testing::Test {
 protected:
  void Make(AdmissionOptions options) {
    admission_ = std::make_unique<Admission>(clock_, metrics_, options);
    waiting_ = metrics_.AddGauge("tickscope_query_waiting", "", {});
  }
  // Asks on a thread of its own; what came of it is in `outcomes_` by name.
  void Ask(const std::string& name, QueryClass query_class, std::uint64_t cost) {
    const auto before = waiting_->value();
    ASSERT_TRUE(pool_.Submit([this, name, query_class, cost] {
      const QueryContext context;
      auto slot = admission_->Wait({query_class, "t", name, cost}, context);
      const MutexLock lock(mu_);
      outcomes_[name] = slot ? "admitted" : std::string(ErrorCodeName(slot.error().code));
    }));
    while (waiting_->value() == before)
      static_cast<void>(admission_->RetryAfter());
  }
  std::string OutcomeOf(const std::string& name) {
    while (true) {
      const MutexLock lock(mu_);
      if (const auto found = outcomes_.find(name); found != outcomes_.end()) return found->second;
    }
  }

  ManualClock clock_;
  MetricRegistry metrics_;
  std::unique_ptr<Admission> admission_;
  Gauge* waiting_ = nullptr;
  Mutex mu_;
  std::map<std::string, std::string> outcomes_;
  WorkerPool pool_{8, 8};
};

TEST_F(AdmissionTest, ShedsTheCostliestOfTheLeastClass) {
  Make({.slots_max = 1, .target = milliseconds(1000), .interval = milliseconds(2000)});
  const QueryContext context;
  auto held = admission_->Wait({.tenant = "t", .user = "holder"}, context);
  ASSERT_TRUE(held.has_value());
  Ask("alert", QueryClass::kAlert, 1000);
  Ask("dashboard", QueryClass::kDashboard, 500);
  Ask("cheap", QueryClass::kAdHoc, 10);
  Ask("costly", QueryClass::kAdHoc, 50);
  clock_.Advance(milliseconds(1100));
  admission_->Look();
  clock_.Advance(milliseconds(1900));
  admission_->Look();
  EXPECT_EQ(waiting_->value(), 4);
  clock_.Advance(milliseconds(200));
  admission_->Look();
  EXPECT_EQ(OutcomeOf("costly"), "unavailable");
  EXPECT_GE(admission_->RetryAfter().count(), 1);
  clock_.Advance(milliseconds(2100));
  admission_->Look();
  EXPECT_EQ(OutcomeOf("cheap"), "unavailable");
  // The longer it lasts the sooner the next one goes.
  clock_.Advance(milliseconds(1500));
  admission_->Look();
  EXPECT_EQ(OutcomeOf("dashboard"), "unavailable");
  clock_.Advance(milliseconds(60'000));
  admission_->Look();
  held = Admission::Slot();
  EXPECT_EQ(OutcomeOf("alert"), "admitted");
}

TEST_F(AdmissionTest, FullQueuesAreTold) {
  Make({.slots_max = 1, .waiting_max = 2, .tenant_waiting_max = 2, .user_waiting_max = 1});
  QueryContext context;
  auto held = admission_->Wait({.tenant = "t", .user = "holder"}, context);
  Ask("one", QueryClass::kAdHoc, 1);
  const auto again = admission_->Wait({QueryClass::kAdHoc, "t", "one", 1}, context);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kRateLimited);
  Ask("two", QueryClass::kAdHoc, 1);
  const auto full = admission_->Wait({QueryClass::kAlert, "s", "three", 1}, context);
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code, ErrorCode::kUnavailable);
  held = Admission::Slot();
  EXPECT_EQ(OutcomeOf("one"), "admitted");
  EXPECT_EQ(OutcomeOf("two"), "admitted");
  context.Cancel();
  EXPECT_EQ(admission_->Wait({}, context).error().code, ErrorCode::kCancelled);
}

TEST(UserBudgets, FillUpAgain) {
  ManualClock clock;
  UserBudgets budgets(clock, 2);
  EXPECT_EQ(budgets.Take("t", "a", 3000, 3600).count(), 0);
  EXPECT_EQ(budgets.Take("t", "a", 1000, 3600).count(), 400);
  EXPECT_EQ(budgets.Take("t", "b", 1000, 3600).count(), 0);
  clock.Advance(std::chrono::seconds(400));
  EXPECT_EQ(budgets.Take("t", "a", 1000, 3600).count(), 0);
  budgets.Correct("t", "a", -500, 3600);
  EXPECT_EQ(budgets.Take("t", "a", 500, 3600).count(), 0);
  // More than an hour's is given from a full bucket alone.
  EXPECT_EQ(budgets.Take("t", "a", 10'000, 3600).count(), 3600);
  clock.Advance(std::chrono::hours(2));
  EXPECT_EQ(budgets.Take("t", "a", 10'000, 3600).count(), 0);
  EXPECT_EQ(budgets.Take("t", "a", 1, 3600).count(), 6401);
  // The third user has the first one unseen for longest forgotten.
  EXPECT_EQ(budgets.Take("t", "c", 1, 3600).count(), 0);
  EXPECT_EQ(budgets.Take("t", "a", 1, 3600).count(), 6401);
}

}  // namespace
}  // namespace tickscope::queryfront
