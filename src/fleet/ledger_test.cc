// Ledger: what was acknowledged survives a crash of the fleet, a torn line does not, and a file that is not a ledger
// is refused by line.
#include "fleet/ledger.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"

namespace tickscope::fleet {
namespace {

const RunPlan kPlan{.seed = 7,
                    .servers = 25,
                    .servers_per_request = 10,
                    .points_per_request = 2,
                    .cadence_ms = 10'000,
                    .start_ms = 1'767'225'600'000};

constexpr const char* kText =
    "tickscope fleet ledger 1\n"
    "run seed=7 servers=25 servers_per_request=10 points_per_request=2 cadence_ms=10000 "
    "start_ms=1767225600000\n"
    "ack 0 0 2\n"
    "ack 2 4 1\n";

TEST(TickSet, MergesWhatTouches) {
  TickSet ticks;
  ticks.Add(4, 2);
  ticks.Add(0, 2);
  EXPECT_FALSE(ticks.Contains(2));
  ticks.Add(1, 3);
  for (std::uint64_t tick = 0; tick < 6; ++tick)
    EXPECT_TRUE(ticks.Contains(tick)) << tick;
  EXPECT_FALSE(ticks.Contains(6));
  EXPECT_EQ(ticks.end(), 6);
}

TEST(Ledger, TextIsStable) {
  io::MemoryFileSystem fs;
  auto writer = LedgerWriter::Open(fs, "l", kPlan).value();
  writer->Acknowledge(0, 0, 2);
  writer->Acknowledge(2, 4, 1);
  ASSERT_TRUE(writer->Flush().has_value());
  EXPECT_EQ(io::ReadWholeFile(fs, "l", 10'000).value(), kText);
}

TEST(Ledger, ReadsWhatWasFlushed) {
  const Ledger ledger = ParseLedger(kText).value();
  ASSERT_EQ(ledger.runs.size(), 1);
  const LedgerRun& run = ledger.runs[0];
  EXPECT_EQ(run.plan, kPlan);
  EXPECT_EQ(run.TickEnd(), 5);
  EXPECT_TRUE(run.acknowledged.at(0).Contains(1));
  EXPECT_FALSE(run.acknowledged.at(2).Contains(3));
  EXPECT_FALSE(run.acknowledged.contains(1));
}

TEST(Ledger, DropsATornLineAndGoesOn) {
  const std::string torn = std::string(kText) + "ack 1 0";
  EXPECT_EQ(ParseLedger(torn).value().whole_bytes, std::string_view(kText).size());

  io::MemoryFileSystem fs;
  auto file = fs.OpenAppend("l", io::OpenMode::kCreateNew).value();
  const ByteView piece = AsBytes(torn);
  ASSERT_TRUE(file->Append({&piece, 1}).has_value());
  file.reset();
  RunPlan next = kPlan;
  next.start_ms += 5 * kPlan.cadence_ms;
  auto writer = LedgerWriter::Open(fs, "l", next).value();
  writer->Acknowledge(1, 0, 1);
  ASSERT_TRUE(writer->Flush().has_value());
  const Ledger ledger = ReadLedger(fs, "l").value();
  ASSERT_EQ(ledger.runs.size(), 2);
  EXPECT_FALSE(ledger.runs[0].acknowledged.contains(1));
  EXPECT_TRUE(ledger.runs[1].acknowledged.at(1).Contains(0));
}

TEST(Ledger, RefusesRunsThatOverlap) {
  io::MemoryFileSystem fs;
  auto writer = LedgerWriter::Open(fs, "l", kPlan).value();
  writer->Acknowledge(0, 0, 2);
  ASSERT_TRUE(writer->Flush().has_value());
  RunPlan next = kPlan;
  next.start_ms += 2 * kPlan.cadence_ms - 1;
  const auto refused = LedgerWriter::Open(fs, "l", next);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

TEST(Ledger, RefusesDamage) {
  const std::string heading = "tickscope fleet ledger 1\n";
  const std::string run = heading + "run " + FormatPlan(kPlan) + "\n";
  struct Case {
    const char* name;
    std::string text;
    const char* message_part;
  };
  const Case cases[] = {
      {"another file", "hello\n", "line 1: want"},
      {"a later version", "tickscope fleet ledger 2\n", "line 1: want"},
      {"ack before a run", heading + "ack 0 0 1\n", "line 2: ack before any run"},
      {"unknown word", run + "nak 0 0 1\n", "line 3: want run or ack"},
      {"group beyond the plan", run + "ack 3 0 1\n", "line 3: ack beyond its run"},
      {"no ticks", run + "ack 0 0 0\n", "line 3: ack beyond its run"},
      {"too many ticks", run + "ack 0 0 1001\n", "line 3: ack beyond its run"},
      {"a field too many", run + "ack 0 0 1 1\n", "line 3: want"},
      {"negative", run + "ack -1 0 1\n", "line 3: want"},
      {"plan without a field", heading + "run seed=7 servers=25\n", "want servers_per_request=NUMBER"},
      {"plan beyond its limits",
       heading +
           "run seed=7 servers=0 servers_per_request=1 points_per_request=1 cadence_ms=10000 start_ms=0\n",
       "servers out of range: got 0"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto ledger = ParseLedger(c.text);
    ASSERT_FALSE(ledger.has_value());
    EXPECT_EQ(ledger.error().code, ErrorCode::kCorruption);
    EXPECT_NE(ledger.error().message.find(c.message_part), std::string::npos) << ledger.error().message;
  }
}

TEST(RunPlan, SaysWhichServersRunTheSdk) {
  RunPlan plan = kPlan;
  plan.sdk_servers = 10;
  EXPECT_TRUE(FormatPlan(plan).ends_with(" sdk_servers=10"));
  EXPECT_EQ(ParsePlan(FormatPlan(plan)).value(), plan);
  plan.resolution = Resolution::kDeclared;
  EXPECT_EQ(ParsePlan(FormatPlan(plan)).value(), plan);
  EXPECT_EQ(plan.ResolutionOf(9), Resolution::kObserved);
  EXPECT_EQ(plan.ResolutionOf(10), Resolution::kDeclared);
  for (const char* const more : {" sdk_servers=26", " sdk_servers=x", " sdk_servers=1 x"})
    EXPECT_FALSE(ParsePlan(FormatPlan(kPlan) + more).has_value()) << more;
  plan.servers = 1000;
  plan.sdk_servers = kSdkServersMax + 1;
  EXPECT_FALSE(CheckPlan(plan).has_value());
}

TEST(RunPlan, SpreadsGroupsOverTheCadence) {
  EXPECT_EQ(kPlan.group_count(), 3);
  EXPECT_EQ(kPlan.ServerCount(2), 5);
  EXPECT_EQ(kPlan.SampleTime(0, 0), kPlan.start_ms);
  EXPECT_EQ(kPlan.SampleTime(1, 0), kPlan.start_ms + 3'333);
  EXPECT_EQ(kPlan.SampleTime(2, 3), kPlan.start_ms + 30'000 + 6'666);
  RunPlan crowded = kPlan;
  crowded.servers = kServersMax;
  crowded.servers_per_request = 1;
  EXPECT_EQ(crowded.SampleTime(kServersMax - 1, 0), kPlan.start_ms + 9'998);
}

}  // namespace
}  // namespace tickscope::fleet
