// What the fleet is told to use: taken up when it is there, waited for when it is not, and never in the place of what works.
#include "agent/told_version.h"

#include <gtest/gtest.h>

#include <vector>

#include "io/memory_network.h"

namespace tickscope::agent {
namespace {

using std::chrono::seconds;

class ToldVersionTest : public testing::Test {
 protected:
  void Make(ToldVersion::Match match) {
    told_ = std::make_unique<ToldVersion>(
        ToldVersion::Options{.what = "schema",
                             .match = match,
                             .take_up =
                                 [this](std::uint64_t wanted, const ToldVersion::Done& done) {
                                   asked_.push_back(wanted);
                                   if (answers_later_) {
                                     later_ = done;
                                   } else {
                                     done(answer_);
                                   }
                                 }},
        *loop_, registry_);
  }
  double Value(const char* name) {
    return registry_.AddGauge(std::string("tickscope_agent_fleet_") + name, "", {{"what", "schema"}})
        ->value();
  }

  ManualClock clock_{1'700'000'000'000};
  io::MemoryNetwork network_{clock_, {}};
  std::unique_ptr<io::EventLoop> loop_ = network_.MakeLoop();
  MetricRegistry registry_;
  std::vector<std::uint64_t> asked_;
  Result<std::uint64_t> answer_ = 0;
  bool answers_later_ = false;
  ToldVersion::Done later_;
  std::unique_ptr<ToldVersion> told_;
};

TEST_F(ToldVersionTest, WhatIsInForceIsNotReadAgain) {
  Make(ToldVersion::Match::kSame);
  told_->SetInForce(3);
  told_->Tell(3);
  told_->Tell(0);
  EXPECT_TRUE(asked_.empty());
  EXPECT_FALSE(told_->is_behind());
}

TEST_F(ToldVersionTest, IsTakenUpWhenItComes) {
  Make(ToldVersion::Match::kSame);
  told_->SetInForce(3);
  answer_ = 3;
  told_->Tell(4);
  EXPECT_TRUE(told_->is_behind());
  EXPECT_EQ(Value("behind"), 1);
  EXPECT_EQ(Value("told"), 4);
  EXPECT_EQ(Value("in_force"), 3);
  network_.scheduler().RunFor(seconds(59));
  EXPECT_EQ(asked_.size(), 1U);
  answer_ = Fail(ErrorCode::kNotFound, "no such file");
  network_.scheduler().RunFor(seconds(60));
  EXPECT_EQ(asked_.size(), 2U);
  EXPECT_EQ(told_->error(), "no such file");
  EXPECT_EQ(told_->in_force(), 3U);
  answer_ = 4;
  network_.scheduler().RunFor(seconds(60));
  EXPECT_FALSE(told_->is_behind());
  EXPECT_EQ(told_->error(), "");
  EXPECT_EQ(Value("in_force"), 4);
  EXPECT_EQ(Value("behind"), 0);
  network_.scheduler().RunFor(seconds(300));
  EXPECT_EQ(asked_, (std::vector<std::uint64_t>{4, 4, 4}));
}

TEST_F(ToldVersionTest, OnlyWhatWasToldWillDoOrWhatComesAfterIt) {
  Make(ToldVersion::Match::kSame);
  told_->SetInForce(5);
  answer_ = 5;
  told_->Tell(4);
  EXPECT_TRUE(told_->is_behind());
  Make(ToldVersion::Match::kAtLeast);
  told_->SetInForce(5);
  told_->Tell(4);
  EXPECT_FALSE(told_->is_behind());
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(ToldVersionTest, AReloadMayBringIt) {
  Make(ToldVersion::Match::kSame);
  answer_ = 3;
  told_->SetInForce(3);
  told_->Tell(4);
  told_->SetInForce(4);
  EXPECT_FALSE(told_->is_behind());
  network_.scheduler().RunFor(seconds(300));
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(ToldVersionTest, AnAnswerMayComeLateOrToNobody) {
  answers_later_ = true;
  Make(ToldVersion::Match::kSame);
  told_->Tell(4);
  told_->Tell(5);
  EXPECT_EQ(asked_.size(), 1U) << "one at a time";
  later_(4);
  EXPECT_TRUE(told_->is_behind());
  network_.scheduler().RunFor(seconds(60));
  EXPECT_EQ(asked_, (std::vector<std::uint64_t>{4, 5}));
  told_.reset();
  later_(5);
}

}  // namespace
}  // namespace tickscope::agent
