// SdkServers: what comes back from the SDK's page is to the bit what the model says, over matches, restarts and threads; and
// the model differs from that of other servers in sums and CPU time only.
#include "fleet/sdk_servers.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <utility>

#include "fleet/game_server.h"
#include "io/posix_file_system.h"

namespace tickscope::fleet {
namespace {

constexpr TimeMs kStartMs = 1'767'225'600'000;

class SdkServersTest : public ::testing::Test {
 protected:
  std::unique_ptr<io::FileSystem> fs_ = io::MakePosixFileSystem();
  std::string directory_ = ::testing::TempDir();
};

// Plays servers [first, last) for a simulated day and a half, and counts what differs and what restarted.
void Play(const SdkServers& sdk, std::uint32_t first, std::uint32_t last, int& differing, int& restarts) {
  const auto lane = SdkLane::Open(sdk).value();
  std::vector<GameServer> servers;
  for (std::uint32_t s = first; s < last; ++s)
    servers.emplace_back(3, s, 60'000, kStartMs, Resolution::kObserved);
  std::array<double, kSeriesPerServer> read{};
  for (int tick = 0; tick < 2'000; ++tick) {
    for (std::uint32_t s = first; s < last; ++s) {
      GameServer& server = servers[s - first];
      const double started = GameServer::StartTimeOf(server.values());
      server.Advance();
      if (GameServer::StartTimeOf(server.values()) != started && tick > 0) ++restarts;
      lane->Record(s, server.values());
    }
    if (tick % 20 != 0 && tick < 1'900) continue;
    ASSERT_TRUE(lane->Refresh().has_value());
    for (std::uint32_t s = first; s < last; ++s) {
      read.fill(-1);
      lane->Read(s, read);
      ASSERT_EQ(std::exchange(read[0], 1), -1);  // game_build_info is no instrument.
      for (std::size_t i = 0; i < kSeriesPerServer; ++i)
        if (read[i] != servers[s - first].values()[i]) ++differing;
    }
  }
}

TEST_F(SdkServersTest, WhatComesBackIsWhatHappened) {
  const auto sdk = SdkServers::Start(*fs_, directory_, 4, 2);
  ASSERT_TRUE(sdk.has_value()) << sdk.error().message;
  int differing[2] = {};
  int restarts[2] = {};
  std::thread other([&] { Play(**sdk, 0, 2, differing[0], restarts[0]); });
  Play(**sdk, 2, 4, differing[1], restarts[1]);
  other.join();
  EXPECT_EQ(differing[0], 0);
  EXPECT_EQ(differing[1], 0);
  EXPECT_GT(restarts[0] + restarts[1], 3);
}

TEST_F(SdkServersTest, AnotherRunInTheProcessBeginsAtZero) {
  for (int run = 0; run < 2; ++run) {
    const auto sdk = SdkServers::Start(*fs_, directory_, 4, 2);
    ASSERT_TRUE(sdk.has_value()) << sdk.error().message;
    EXPECT_EQ(SdkServers::Start(*fs_, directory_, 4, 2).error().code, ErrorCode::kAlreadyExists);
    int differing = 0;
    int restarts = 0;
    Play(**sdk, 0, 1, differing, restarts);
    EXPECT_EQ(differing, 0);
  }
}

TEST_F(SdkServersTest, NoDirectoryIsSaid) {
  const auto sdk = SdkServers::Start(*fs_, "/nonexistent/pages", 1, 1);
  ASSERT_FALSE(sdk.has_value());
  EXPECT_NE(sdk.error().message.find("/nonexistent/pages"), std::string::npos) << sdk.error().message;
}

TEST(ObservedServers, DifferFromOthersInSumsAndCpuTimeOnly) {
  GameServer full(5, 1, 10'000, kStartMs, Resolution::kFull);
  GameServer observed(5, 1, 10'000, kStartMs, Resolution::kObserved);
  const auto& catalog = TheGameCatalog().series;
  for (int tick = 0; tick < 1'000; ++tick) {
    full.Advance();
    observed.Advance();
    for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
      const double a = full.values()[i];
      const double b = observed.values()[i];
      if (catalog[i].name.ends_with("_sum") || catalog[i].dynamics == Dynamics::kCpuCounter) {
        ASSERT_NEAR(a, b, 0.02 * a + 1) << catalog[i].name;
      } else {
        ASSERT_EQ(a, b) << catalog[i].name;
      }
    }
  }
}

}  // namespace
}  // namespace tickscope::fleet
