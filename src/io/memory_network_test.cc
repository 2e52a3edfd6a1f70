// What MemoryNetwork adds to the contract: time that jumps, faults where they were aimed, and equal runs for
// equal seeds.
#include "io/memory_network.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

namespace tickscope::io {
namespace {

using std::chrono::milliseconds;

TEST(MemoryScheduler, TimeJumpsToTheNextTimer) {
  ManualClock clock(1'000);
  MemoryScheduler scheduler(clock);
  const auto loop = scheduler.MakeLoop();
  std::vector<TimeMs> seen;
  loop->After(std::chrono::hours(24), [&] { seen.push_back(clock.NowMs()); });
  loop->After(milliseconds(5), [&] { seen.push_back(clock.NowMs()); });
  loop->Run();
  EXPECT_EQ(seen, (std::vector<TimeMs>{1'005, 86'401'000}));
}

TEST(MemoryScheduler, RunForStopsAtTheEndOfThePeriod) {
  ManualClock clock(0);
  MemoryScheduler scheduler(clock);
  const auto loop = scheduler.MakeLoop();
  int ran = 0;
  std::function<void()> tick = [&] {
    ++ran;
    loop->After(milliseconds(10), [&] { tick(); });
  };
  tick();
  scheduler.RunFor(milliseconds(95));
  EXPECT_EQ(ran, 10);
  EXPECT_EQ(clock.NowMs(), 95);
}

TEST(MemoryScheduler, TasksOfADeadLoopDoNotRun) {
  ManualClock clock;
  MemoryScheduler scheduler(clock);
  const auto alive = scheduler.MakeLoop();
  auto dead = scheduler.MakeLoop();
  bool ran = false;
  dead->Post([] { FAIL(); });
  dead->After(milliseconds(1), [] { FAIL(); });
  alive->After(milliseconds(2), [&] { ran = true; });
  dead.reset();
  alive->Run();
  EXPECT_TRUE(ran);
}

// Sends `text` through a fresh connection and tells what each read got.
struct Transcript {
  std::vector<std::string> reads;
  std::optional<Error> error;
};

Transcript Transfer(MemoryNetwork& network, std::string_view text) {
  const auto loop = network.MakeLoop();
  std::unique_ptr<Connection> far;
  std::unique_ptr<Connection> near;
  const auto listener =
      network.Listen(*loop, "host:80", [&](auto accepted) { far = std::move(accepted); }).value();
  network.Connect(*loop, "host:80", milliseconds(1000), [&](auto made) {
    near = std::move(*made);
    near->Write({AsBytes(text)}, [&](const Status& written) {
      if (written) near->ShutdownWrite();
    });
  });
  loop->RunUntil([&] { return far != nullptr; });
  Transcript transcript;
  std::array<std::byte, 64> buffer;
  bool ended = false;
  while (!ended && !transcript.error) {
    bool got = false;
    far->Read(buffer, [&](Result<std::size_t> bytes) {
      got = true;
      if (!bytes) {
        transcript.error = bytes.error();
      } else if (*bytes == 0) {
        ended = true;
      } else {
        transcript.reads.emplace_back(AsText(ByteView(buffer).first(*bytes)));
      }
    });
    loop->RunUntil([&] { return got; });
    if (!got) break;
  }
  return transcript;
}

TEST(MemoryNetwork, EqualSeedsGiveEqualRuns) {
  const auto run = [](std::uint64_t seed) {
    ManualClock clock;
    MemoryNetwork network(clock,
                          {.seed = seed, .delay_max = milliseconds(50), .deliveries = Deliveries::kSplit});
    auto reads = Transfer(network, "the quick brown fox jumps over the lazy dog").reads;
    reads.push_back(std::to_string(clock.NowMs()));
    return reads;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(MemoryNetwork, ResetsAtTheChosenByte) {
  ManualClock clock;
  MemoryNetwork network(clock, {.buffer_bytes = 4});
  network.ResetAfterBytes(10);
  const Transcript transcript = Transfer(network, "0123456789abcdef");
  EXPECT_EQ(transcript.reads, (std::vector<std::string>{"0123", "4567"}));
  ASSERT_TRUE(transcript.error.has_value());
  EXPECT_EQ(transcript.error->code, ErrorCode::kUnavailable);
}

TEST(MemoryNetwork, PauseHoldsDeliveriesAndConnects) {
  ManualClock clock;
  MemoryNetwork network(clock, {});
  const auto loop = network.MakeLoop();
  const auto listener = network.Listen(*loop, "host:80", [](auto) {}).value();
  network.Pause();
  std::optional<Result<std::unique_ptr<Connection>>> made;
  network.Connect(*loop, "host:80", milliseconds(700), [&](auto result) { made = std::move(result); });
  loop->RunUntil([&] { return made.has_value(); });
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(clock.Monotonic(), milliseconds(700));
  network.Resume();
  made.reset();
  network.Connect(*loop, "host:80", milliseconds(700), [&](auto result) { made = std::move(result); });
  loop->RunUntil([&] { return made.has_value(); });
  EXPECT_TRUE(made->has_value());
}

}  // namespace
}  // namespace tickscope::io
