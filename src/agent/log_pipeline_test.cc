// Log files to a gateway, over outages, lost answers, kills, power cuts and a full disk, in a simulated site: every line once, and what
// is gone is counted to the line.
#include "agent/log_pipeline.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/simulated_logs_test.h"

namespace tickscope::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kLogs =
    "logs:\n"
    "  push: {url: 'http://loki:3100/loki/api/v1/push', backoff_max: 10s, throttle_ratio: 0}\n"
    "  spool: {directory: /spool/logs, segment_bytes: 64KiB, bytes_max: 64MiB}\n"
    "  files:\n"
    "    - {paths: ['/var/log/game/*.log'], labels: {app: game}}\n";

class LogPipelineTest : public testing::Test {
 protected:
  // A line that says its number; every tenth is an error.
  void WriteNext() {
    logs_.Write(fmt::format("level={} number {}", written_ % 10 == 9 ? "error" : "info", written_));
    ++written_;
  }
  void WriteFor(milliseconds period, milliseconds step) {
    for (milliseconds passed{0}; passed < period; passed += step) {
      WriteNext();
      site_.RunFor(step);
    }
  }
  // Whether each line that was written arrived, and each once.
  void ExpectWhole() {
    EXPECT_EQ(logs_.arrived().size(), written_);
    for (const auto& [line, count] : logs_.arrived())
      EXPECT_EQ(count, 1) << line;
  }

  SimulatedSite site_;
  io::MemoryDatagrams datagrams_;
  SimulatedLogs logs_{site_};
  std::size_t written_ = 0;
};

TEST_F(LogPipelineTest, LinesArriveOnceOverAnOutageAndAShutdown) {
  ASSERT_TRUE(logs_.Start(kLogs));
  WriteFor(minutes(1), seconds(1));
  logs_.answer = [] { return 503; };
  WriteFor(minutes(10), seconds(1));
  logs_.Shutdown(seconds(5));
  WriteFor(minutes(1), seconds(1));
  logs_.answer = [] { return 204; };
  ASSERT_TRUE(logs_.Start(kLogs));
  WriteFor(minutes(1), seconds(1));
  site_.RunFor(minutes(1));
  ExpectWhole();
}

TEST_F(LogPipelineTest, ADayWithoutGatewayWithKillsLostAnswersAndRotationLosesNoLine) {
  SeededRandom random(23);
  bool is_away = false;
  logs_.answer = [&] { return is_away || random.Below(20) == 0 ? 503 : 204; };
  logs_.is_answer_lost = [&] { return random.Below(10) == 0; };
  ASSERT_TRUE(logs_.Start(kLogs));
  int kills = 0;
  int rotations = 0;
  const auto live = [&](milliseconds period) {
    const TimeMs until_ms = site_.clock.NowMs() + period.count();
    while (site_.clock.NowMs() < until_ms) {
      WriteFor(milliseconds(1 + random.Below(600'000)), milliseconds(1 + random.Below(20'000)));
      if (random.Below(3) == 0) {
        logs_.directory.Rename("game.log", fmt::format("game.log.{}", rotations++));
        WriteNext();
      }
      logs_.Kill();
      ++kills;
      ASSERT_TRUE(logs_.Start(kLogs));
    }
  };
  live(hours(1));
  is_away = true;
  live(hours(24));
  is_away = false;
  live(hours(1));
  site_.RunFor(minutes(30));
  ExpectWhole();
  EXPECT_GT(kills, 100);
  EXPECT_GT(rotations, 20);
  EXPECT_GT(logs_.duplicates, 0U) << "no push came twice: the test sees nothing";
  for (const char* reason : {"budget", "disk_full", "gave_way"})
    EXPECT_EQ(logs_.Lost("logs", reason) + logs_.Lost("log_errors", reason), 0U);
}

TEST_F(LogPipelineTest, APowerCutAnywhereLosesNoLineAndReadsNoneTwice) {
  SeededRandom random(5);
  logs_.is_answer_lost = [&] { return random.Below(10) == 0; };
  for (std::uint64_t round = 0; round < 60; ++round) {
    ASSERT_TRUE(logs_.Start(kLogs)) << round;
    logs_.answer = [&] { return random.Below(3) == 0 ? 503 : 204; };
    WriteFor(seconds(10), milliseconds(700));
    site_.fs.CutPowerAfter(random.Below(30));
    WriteFor(seconds(5), milliseconds(300));
    logs_.Kill();
    site_.fs.Crash(
        {.unsynced = round % 2 == 0 ? io::CrashPolicy::Unsynced::kLost : io::CrashPolicy::Unsynced::kTorn,
         .seed = round});
  }
  logs_.answer = [] { return 204; };
  ASSERT_TRUE(logs_.Start(kLogs));
  site_.RunFor(minutes(5));
  ExpectWhole();
}

// What of the settings a reload changes, and what it leaves.
class LogReloadTest : public LogPipelineTest {
 protected:
  static std::string Yaml(std::string_view files, std::string_view more = "") {
    return fmt::format(
        "global: {{external_labels: {{region: eu}}}}\nlogs:\n"
        "  push: {{url: 'http://loki:3100/loki/api/v1/push', throttle_ratio: 0}}\n"
        "  spool: {{directory: /spool/logs, segment_bytes: 64KiB, bytes_max: 64MiB}}\n{}  files: [{}]\n",
        more, files);
  }
  static constexpr std::string_view kFiles = "{paths: ['/var/log/game/*.log'], labels: {app: game}}";
};

TEST_F(LogReloadTest, LinesGoOnWhereTheyWere) {
  struct Case {
    const char* name;
    std::string files;
    const char* labels;
  };
  const Case cases[] = {
      {"the same", std::string(kFiles), "{app=\"game\",level=\"info\",region=\"eu\"}"},
      {"labels", "{paths: ['/var/log/game/*.log'], labels: {app: arena}}",
       "{app=\"arena\",level=\"info\",region=\"eu\"}"},
      {"rules", "{paths: ['/var/log/game/*.log'], labels: {app: game}, line_bytes_max: 1KiB}",
       "{app=\"game\",level=\"info\",region=\"eu\"}"},
      {"paths", "{paths: ['/var/log/game/game*'], exclude: ['*.gz'], labels: {zone: a}}",
       "{level=\"info\",region=\"eu\",zone=\"a\"}"},
  };
  ASSERT_TRUE(logs_.Start(Yaml(kFiles)));
  std::string last;
  const auto write = [&] {
    last = fmt::format("level=info number {}", written_++);
    logs_.Write(last);
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    WriteFor(seconds(3), milliseconds(100));
    write();  // Before it was read.
    ASSERT_TRUE(logs_.Reload(Yaml(c.files)));
    write();
    const std::string of_now = last;
    write();
    site_.RunFor(seconds(5));
    EXPECT_EQ(logs_.labels[of_now], c.labels);
  }
  ExpectWhole();
  logs_.Kill();
  ASSERT_TRUE(logs_.Start(Yaml(cases[3].files)));
  WriteFor(seconds(3), milliseconds(100));
  site_.RunFor(seconds(5));
  ExpectWhole();
}

TEST_F(LogReloadTest, WhatIsTakenOutAndPutBackIsReadFromWhereItWas) {
  ASSERT_TRUE(logs_.Start(Yaml(kFiles)));
  WriteFor(seconds(3), milliseconds(100));
  site_.RunFor(seconds(5));
  const std::string nothing = "{paths: ['/var/log/game/*.other']}";
  ASSERT_TRUE(logs_.Reload(Yaml(nothing)));
  WriteFor(seconds(3), milliseconds(100));
  EXPECT_LT(logs_.arrived().size(), written_);
  // Also over a start.
  logs_.Kill();
  ASSERT_TRUE(logs_.Start(Yaml(nothing)));
  WriteFor(seconds(3), milliseconds(100));
  ASSERT_TRUE(logs_.Reload(Yaml(kFiles)));
  site_.RunFor(seconds(10));
  ExpectWhole();
}

TEST_F(LogReloadTest, WhatIsRefusedOrLetGoChangesNothing) {
  site_.datagrams = &datagrams_;
  ASSERT_TRUE(logs_.Start(Yaml(kFiles)));
  WriteFor(seconds(3), milliseconds(100));
  const std::string other =
      Yaml("{paths: ['/var/log/game/*.log'], labels: {app: arena}}", "  syslog: [{udp: '127.0.0.1:5514'}]\n");
  logs_.open_keys = []() -> Result<std::unique_ptr<tokens::KeyProvider>> {
    return Fail(ErrorCode::kPermissionDenied, "keys: others may read it");
  };
  const Status refused = logs_.Reload(other);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("others may read it"));
  logs_.open_keys = [] { return Result<std::unique_ptr<tokens::KeyProvider>>(nullptr); };
  ASSERT_TRUE(logs_.Reload(other, false));
  EXPECT_FALSE(datagrams_.Send("127.0.0.1:5514", "<14>hello")) << "what was opened for it is closed";
  WriteNext();
  site_.RunFor(seconds(5));
  for (const auto& [line, labels] : logs_.labels)
    EXPECT_THAT(labels, testing::HasSubstr("app=\"game\"")) << line;
  ExpectWhole();
}

TEST_F(LogReloadTest, AnotherReceiverGetsWhatWaits) {
  ASSERT_TRUE(logs_.Start(Yaml(kFiles)));
  logs_.answer = [] { return 503; };
  WriteFor(seconds(30), milliseconds(100));
  std::string moved = Yaml(kFiles);
  moved.replace(moved.find("http://loki:3100/loki"), 21, "http://loki:3100/moved");
  std::set<std::string> asked;
  logs_.on_request = [&](const http::Request& request) { asked.emplace(request.path()); };
  logs_.answer = [] { return 204; };
  ASSERT_TRUE(logs_.Reload(moved));
  site_.RunFor(seconds(10));
  EXPECT_THAT(asked, testing::ElementsAre("/moved/api/v1/push"));
  ExpectWhole();
}

TEST_F(LogReloadTest, ListenersStayAndHaveTheLabelsOfNow) {
  site_.datagrams = &datagrams_;
  ASSERT_TRUE(logs_.Start(Yaml(
      "",
      "  syslog: [{udp: '127.0.0.1:5514', labels: {job: a}}, {udp: '127.0.0.1:5515', labels: {job: b}}]\n")));
  ASSERT_TRUE(datagrams_.Send("127.0.0.1:5514", "<14>one"));
  ASSERT_TRUE(logs_.Reload(Yaml(
      "",
      "  syslog: [{udp: '127.0.0.1:5516', labels: {job: d}}, {udp: '127.0.0.1:5514', labels: {job: c}}]\n")));
  ASSERT_TRUE(datagrams_.Send("127.0.0.1:5514", "<14>two"));
  EXPECT_FALSE(datagrams_.Send("127.0.0.1:5515", "<14>three"));
  ASSERT_TRUE(datagrams_.Send("127.0.0.1:5516", "<14>four"));
  site_.RunFor(seconds(5));
  EXPECT_EQ(logs_.labels["one"], "{job=\"a\",level=\"info\",region=\"eu\"}");
  EXPECT_EQ(logs_.labels["two"], "{job=\"c\",level=\"info\",region=\"eu\"}");
  EXPECT_EQ(logs_.labels["four"], "{job=\"d\",level=\"info\",region=\"eu\"}");
}

// Keys as a file has them: each from an epoch on.
class KeysFrom final : public tokens::KeyProvider {
 public:
  explicit KeysFrom(std::vector<tokens::TokenEpoch> from) : from_(std::move(from)) {}
  Result<tokens::TenantKey> KeyFor(const TenantId&, tokens::TokenEpoch epoch) override {
    std::optional<tokens::TenantKey> key;
    for (const tokens::TokenEpoch from : from_) {
      if (from <= epoch) key = tokens::TenantKey{.id = fmt::format("k{}", from), .hash = hash_, .from = from};
    }
    if (!key) return Fail(ErrorCode::kNotFound, "no key");
    return *key;
  }

 private:
  const std::vector<tokens::TokenEpoch> from_;
  std::shared_ptr<const tokens::KeyedHash> hash_ =
      std::make_shared<const tokens::KeyedHash>(AsBytes("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"));
};

class KeyEpochTest : public LogReloadTest {
 protected:
  void KeysAre(std::vector<tokens::TokenEpoch> from) {
    logs_.open_keys = [from = std::move(from)] {
      return Result<std::unique_ptr<tokens::KeyProvider>>(std::make_unique<KeysFrom>(from));
    };
  }
  Result<tokens::TokenEpoch> UseKeyEpoch(tokens::TokenEpoch epoch) {
    std::optional<Result<tokens::TokenEpoch>> answer;
    logs_.pipeline->UseKeyEpoch(epoch,
                                [&](Result<tokens::TokenEpoch> in_force) { answer = std::move(in_force); });
    logs_.RunUntil([&] { return answer.has_value(); });
    return *answer;
  }
  // What a line with an address becomes.
  std::string TokenOfNow() {
    const std::size_t before = logs_.arrived().size();
    logs_.Write(fmt::format("number {} of jane@example.com", written_++));
    site_.RunFor(seconds(5));
    EXPECT_EQ(logs_.arrived().size(), before + 1);
    for (const auto& [line, count] : logs_.arrived()) {
      if (line.starts_with(fmt::format("number {} ", written_ - 1))) {
        const std::size_t token = line.find("eml_");
        return line.substr(token, line.rfind('_') - token);
      }
    }
    return "";
  }
  // The clock's.
  const tokens::TokenEpoch now_ = tokens::EpochOf(SimulatedSite::kStartMs, tokens::kEpochMs);
};

TEST_F(KeyEpochTest, IsUsedWhenTheFleetIsToldAndItIsThere) {
  KeysAre({0});
  ASSERT_TRUE(logs_.Start(Yaml(kFiles)));
  EXPECT_EQ(logs_.pipeline->key_epoch(), 0U);
  EXPECT_EQ(TokenOfNow(), fmt::format("eml_k0_{}", now_));
  EXPECT_EQ(UseKeyEpoch(now_ + 1), 0U) << "it is not there yet";
  EXPECT_EQ(TokenOfNow(), fmt::format("eml_k0_{}", now_)) << "the old one stays";
  KeysAre({0, now_ + 1});
  EXPECT_EQ(TokenOfNow(), fmt::format("eml_k0_{}", now_)) << "nobody was told of it yet";
  EXPECT_EQ(UseKeyEpoch(now_ + 1), now_ + 1);
  EXPECT_EQ(TokenOfNow(), fmt::format("eml_k{}_{}", now_ + 1, now_ + 1)) << "before the clock comes to it";
  EXPECT_EQ(logs_.pipeline->key_epoch(), now_ + 1);
  // A reload with the same keys goes on so, one with others by the clock.
  ASSERT_TRUE(logs_.Reload(Yaml(kFiles)));
  EXPECT_EQ(TokenOfNow(), fmt::format("eml_k{}_{}", now_ + 1, now_ + 1));
  KeysAre({0});
  ASSERT_TRUE(logs_.Reload(Yaml(kFiles)));
  EXPECT_EQ(TokenOfNow(), fmt::format("eml_k0_{}", now_));
}

TEST_F(KeyEpochTest, OneThatIsPastIsNothingNew) {
  KeysAre({0, now_ - 2});
  ASSERT_TRUE(logs_.Start(Yaml(kFiles)));
  EXPECT_EQ(UseKeyEpoch(now_ - 5), now_ - 2);
  EXPECT_EQ(TokenOfNow(), fmt::format("eml_k{}_{}", now_ - 2, now_));
}

TEST_F(KeyEpochTest, AFileThatDoesNotReadLeavesTheKeysOfBefore) {
  KeysAre({0});
  ASSERT_TRUE(logs_.Start(Yaml(kFiles)));
  logs_.open_keys = []() -> Result<std::unique_ptr<tokens::KeyProvider>> {
    return Fail(ErrorCode::kNotFound, "keys: no such file");
  };
  EXPECT_EQ(UseKeyEpoch(now_ + 1).error().message, "keys: no such file");
  EXPECT_EQ(TokenOfNow(), fmt::format("eml_k0_{}", now_));
}

class FullDiskTest : public LogPipelineTest {
 protected:
  static constexpr std::string_view kReceiver = "http://receiver:9280/api/v1/write";

  FullDiskTest() : text_(site_.AddTextTarget("a:9100", "")) {
    for (int i = 0; i < 300; ++i)
      noise_ += fmt::format("m{}{{label=\"{}\"}} {}\n", i * 7919, i * 104729, i);
    Scrape(0);
    EXPECT_TRUE(site_.Apply(yaml_));
    EXPECT_TRUE(logs_.Start(kLogs));
  }
  void Scrape(std::uint64_t number) { *text_ = noise_ + fmt::format("number {}\n", number); }
  void IsAway(bool away) {
    site_.answer = nullptr;
    if (away) site_.answer = [](const http::Request&) { return http::Response{.status = 503}; };
    logs_.answer = [away] { return away ? 503 : 204; };
  }
  // Lines of 1 kB that do not compress.
  void WriteNoise(std::string_view level, int lines) {
    for (int i = 0; i < lines; ++i) {
      std::string line = fmt::format("level={} number {} ", level, written_++);
      while (line.size() < 1'000)
        line += static_cast<char>('g' + random_.Below(16));
      logs_.Write(line);
    }
  }
  std::uint64_t LostMetrics(const std::string& reason) {
    return site_.LostItems(std::string(kReceiver), "metrics", reason);
  }
  std::size_t ArrivedOf(std::string_view level) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        logs_.arrived(), [&](const auto& each) { return each.first.starts_with(level); }));
  }

  const std::string yaml_ = SiteYaml(
      {"a:9100"}, "", "    spool: {directory: /spool/metrics, segment_bytes: 64KiB, bytes_max: 64MiB}\n");
  std::shared_ptr<std::string> text_;
  std::string noise_;
  SeededRandom random_{9};
};

TEST_F(FullDiskTest, SamplesOutlastErrorsAndErrorsOutlastTheRest) {
  site_.RunFor(seconds(30));
  IsAway(true);
  site_.fs.SetCapacity(2 << 20);
  // More lines than there is room for, then scrapes without end.
  for (int i = 0; i < 10; ++i) {
    // A record each; the first is under way, and stays.
    WriteNoise("error", 30);
    site_.RunFor(seconds(2));
  }
  WriteNoise("info", 3'000);
  site_.RunFor(minutes(2));
  const auto lost_others = [&] { return logs_.Lost("logs", "disk_full") + logs_.Lost("logs", "gave_way"); };
  EXPECT_GT(lost_others(), 0U);
  EXPECT_EQ(LostMetrics("disk_full"), 0U);
  while (logs_.Lost("log_errors", "gave_way") == 0) {
    ASSERT_EQ(LostMetrics("disk_full"), 0U) << "samples went while there were logs";
    ASSERT_EQ(site_.metrics.dropped(DropReason::kQueueFull), 0U);
    site_.RunFor(minutes(1));
  }
  EXPECT_GT(logs_.Lost("logs", "gave_way"), 0U);
  IsAway(false);
  site_.RunFor(minutes(10));
  EXPECT_EQ(LostMetrics("disk_full") + site_.metrics.dropped(DropReason::kQueueFull), 0U);
  EXPECT_GT(ArrivedOf("level=error"), 0U) << "of errors the newest are there";
  EXPECT_EQ(ArrivedOf("level=error") + logs_.Lost("log_errors", "gave_way"), 300U) << "to the line";
  EXPECT_EQ(ArrivedOf("level=info") + lost_others(), 3'000U) << "to the line";
}

TEST_F(FullDiskTest, ADayWithoutReceiversOnASmallDiskWithKillsIsCountedToTheLast) {
  SeededRandom random(31);
  IsAway(true);
  site_.fs.SetCapacity(12 << 20);
  int kills = 0;
  const TimeMs end_ms = site_.clock.NowMs() + 24 * 3'600'000;
  while (site_.clock.NowMs() < end_ms) {
    WriteNoise("info", static_cast<int>(random.Below(40)));
    WriteNoise("error", static_cast<int>(random.Below(4)));
    site_.RunFor(milliseconds(1 + random.Below(600'000)));
    if (random.Below(4) != 0) continue;
    ++kills;
    site_.Kill();
    logs_.Kill();
    ASSERT_TRUE(site_.Apply(yaml_));
    ASSERT_TRUE(logs_.Start(kLogs));
  }
  EXPECT_GT(kills, 20);
  IsAway(false);
  site_.RunFor(hours(1));

  std::map<TimeMs, int> scrapes;
  for (const Arrived& one : site_.TakeArrived()) {
    if (one.series.starts_with("number{")) ++scrapes[one.time_ms];
  }
  for (const auto& [time_ms, count] : scrapes)
    EXPECT_EQ(count, 1) << time_ms;
  // A scrape says five things beside what the target does.
  const std::uint64_t lost = LostMetrics("disk_full");
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(LostMetrics("gave_way"), 0U);
  const auto passed_ms = static_cast<std::uint64_t>(site_.clock.NowMs() - SimulatedSite::kStartMs);
  EXPECT_GE(scrapes.size() + lost / 306, passed_ms / 10'000);
  EXPECT_LE(scrapes.size() + lost / 306, passed_ms / 10'000 + 1);
  EXPECT_EQ(lost % 306, 0U);

  for (const auto& [line, count] : logs_.arrived())
    EXPECT_EQ(count, 1) << line;
  std::uint64_t lost_lines = 0;
  for (const char* const of_class : {"logs", "log_errors"}) {
    EXPECT_GT(logs_.Lost(of_class, "gave_way"), 0U);
    for (const char* const reason : {"gave_way", "disk_full", "budget"})
      lost_lines += logs_.Lost(of_class, reason);
  }
  const std::uint64_t missing = written_ - logs_.arrived().size();
  EXPECT_LE(missing, lost_lines) << "nothing is gone that is not counted";
  // Lines that were let go before their positions were on the full disk are read again after a kill.
  EXPECT_LT(lost_lines - missing, written_ / 50);
}

TEST_F(FullDiskTest, WhenOnlySamplesAreLeftTheOldestGoAndLinesWaitInTheirFiles) {
  IsAway(true);
  site_.fs.SetCapacity(1 << 20);
  site_.RunFor(hours(6));
  EXPECT_GT(LostMetrics("disk_full"), 0U);
  WriteNoise("info", 200);
  site_.RunFor(minutes(5));
  EXPECT_EQ(LostMetrics("gave_way"), 0U);
  IsAway(false);
  site_.RunFor(minutes(30));
  EXPECT_EQ(ArrivedOf("level=info"), 200U);
}

}  // namespace
}  // namespace tickscope::agent
