// Refusals in the log: the first of a kind at once, a flood of them not.
#include "roles/refusal_log.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace tickscope::roles {
namespace {

TEST(RefusalLog, TellsAgainAfterAWhileAndOthersAtOnce) {
  ManualClock clock;
  RefusalLog log(clock);
  const Error expired{ErrorCode::kUnauthenticated, "expired"};
  const Error unknown{ErrorCode::kUnauthenticated, "unknown"};
  EXPECT_TRUE(log.Tell("grpc", "10.0.0.1:1000", expired));
  EXPECT_FALSE(log.Tell("grpc", "10.0.0.1:1001", expired)) << "the same client, from another port";
  EXPECT_TRUE(log.Tell("grpc", "10.0.0.1:1002", unknown));
  EXPECT_TRUE(log.Tell("grpc", "10.0.0.2:1000", expired));
  clock.Advance(kRefusalEvery - std::chrono::seconds(1));
  EXPECT_FALSE(log.Tell("grpc", "10.0.0.1:1003", expired));
  clock.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(log.Tell("grpc", "10.0.0.1:1004", expired));
  EXPECT_FALSE(log.Tell("grpc", "10.0.0.1:1005", expired));
}

TEST(RefusalLog, ForgetsWhenThereAreMany) {
  ManualClock clock;
  RefusalLog log(clock);
  const Error why{ErrorCode::kUnauthenticated, "unknown"};
  for (std::size_t i = 0; i < 2 * kRefusalsKept; ++i)
    EXPECT_TRUE(log.Tell("http", fmt::format("10.0.{}.{}:1", i / 256, i % 256), why));
}

}  // namespace
}  // namespace tickscope::roles
