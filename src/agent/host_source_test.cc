// The machine as a target: what is read of a made-up /proc, how it ends, and what happens when files come and go.
#include "agent/host_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/simulated_site_test.h"

namespace tickscope::agent {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SaidHost final : public io::HostProbe {
 public:
  [[nodiscard]] Result<io::FileSystemSpace> SpaceOf(const std::string& place) const override {
    if (place != "/host/") return Fail(ErrorCode::kUnavailable, "away: " + place);
    return io::FileSystemSpace{
        .size_bytes = 100, .free_bytes = 50, .available_bytes = 40, .files = 9, .files_free = 8};
  }
  [[nodiscard]] io::KernelNames Names() const override {
    return {.system = "Linux", .release = "6", .version = "v", .machine = "x", .node = "n", .domain = "d"};
  }
  [[nodiscard]] Result<io::ClockDiscipline> Discipline() const override {
    return Fail(ErrorCode::kUnavailable, "forbidden");
  }
};

class HostSourceTest : public ::testing::Test {
 protected:
  HostSourceTest() {
    site_.probe = &probe_;
    Put("/hostproc/stat", "cpu0 100 0 0 0\nctxt 5\n");
    Put("/hostproc/net/dev", "eth0: 1 2 3 4\n");
  }
  void Put(const std::string& path, std::string_view text) {
    ASSERT_TRUE(site_.fs.CreateDirectories(io::ParentDirectory(path)).has_value());
    const std::vector<ByteView> pieces = {AsBytes(text)};
    ASSERT_TRUE(site_.fs.OpenAppend(path, io::OpenMode::kTruncate).value()->Append(pieces).has_value());
  }
  void Start() {
    const Status applied = site_.Apply(
        "host_metrics: {enabled: true, instance: h, proc: /hostproc, root: /host}\n"
        "remote_write:\n  - url: http://receiver:9280/api/v1/write\n");
    ASSERT_TRUE(applied.has_value()) << applied.error().message;
  }
  // "series = value" each, since the last call, without the labels of the target.
  std::vector<std::string> Told() {
    std::vector<std::string> out;
    for (const Arrived& one : site_.TakeArrived())
      out.push_back(one.series + " = " + one.value);
    return out;
  }

  SaidHost probe_;
  SimulatedSite site_;
};

TEST_F(HostSourceTest, IsSentLikeATarget) {
  Put("/hostproc/1/mounts", "/dev/a / ext4 rw 0 0\n/dev/b /away xfs rw 0 0\n");
  Start();
  site_.RunFor(seconds(11));
  const std::string own = R"(instance="h", job="node")";
  const std::string disk = R"({device="/dev/a", fstype="ext4", )" + own + R"(, mountpoint="/"} = )";
  EXPECT_THAT(
      Told(),
      ElementsAre(
          "up{" + own + "} = 1.0", R"(node_cpu_seconds_total{cpu="0", )" + own + R"(, mode="user"} = 1.0)",
          R"(node_cpu_seconds_total{cpu="0", )" + own + R"(, mode="nice"} = 0.0)",
          R"(node_cpu_seconds_total{cpu="0", )" + own + R"(, mode="system"} = 0.0)",
          R"(node_cpu_seconds_total{cpu="0", )" + own + R"(, mode="idle"} = 0.0)",
          "node_context_switches_total{" + own + "} = 5.0", "node_filesystem_device_error" + disk + "0.0",
          "node_filesystem_size_bytes" + disk + "100.0", "node_filesystem_free_bytes" + disk + "50.0",
          "node_filesystem_avail_bytes" + disk + "40.0", "node_filesystem_files" + disk + "9.0",
          "node_filesystem_files_free" + disk + "8.0", "node_filesystem_readonly" + disk + "0.0",
          R"(node_filesystem_device_error{device="/dev/b", fstype="xfs", )" + own +
              R"(, mountpoint="/away"} = 1.0)",
          R"(node_network_receive_bytes_total{device="eth0", )" + own + "} = 1.0",
          R"(node_network_receive_packets_total{device="eth0", )" + own + "} = 2.0",
          R"(node_network_receive_errs_total{device="eth0", )" + own + "} = 3.0",
          R"(node_network_receive_drop_total{device="eth0", )" + own + "} = 4.0",
          HasSubstr("node_time_seconds{"),
          HasSubstr(R"(domainname="d", instance="h", job="node", machine="x")")));
  EXPECT_EQ(site_.metadata_types["node_context_switches_total{" + own + "}"], "counter");
}

TEST_F(HostSourceTest, WhatIsGoneEndsAndWhatComesBeginsLater) {
  Start();
  site_.RunFor(seconds(11));
  (void)Told();
  Put("/hostproc/net/dev", "eth1: 7\n");
  Put("/hostproc/loadavg", "1 2 3\n");
  site_.RunFor(seconds(10));
  const auto told = Told();
  EXPECT_THAT(told,
              Contains(HasSubstr(R"(receive_bytes_total{device="eth1", instance="h", job="node"} = 7.0)")));
  EXPECT_THAT(told,
              Contains(HasSubstr(R"(receive_bytes_total{device="eth0", instance="h", job="node"} = stale)")));
  EXPECT_THAT(told, Not(Contains(HasSubstr("node_load1"))))
      << "what was not there is looked for once in a while";
  site_.RunFor(seconds(300));
  EXPECT_THAT(Told(), Contains(HasSubstr("node_load1")));
  (void)site_.Shutdown(seconds(5));
  const auto ended = Told();
  EXPECT_THAT(ended, Contains(HasSubstr("up{instance=\"h\", job=\"node\"} = stale")));
  EXPECT_THAT(ended, Not(Contains(HasSubstr("eth0"))));
}

TEST_F(HostSourceTest, ATextLongerThanTheBufferIsReadWhole) {
  std::string text;
  for (int i = 0; i < 2'000; ++i)
    text += "cpu" + std::to_string(i) + " 100\n";
  Put("/hostproc/stat", text + "ctxt 9\n");
  Start();
  site_.RunFor(seconds(11));
  const auto told = Told();
  EXPECT_THAT(told, Contains(HasSubstr("node_context_switches_total{instance=\"h\", job=\"node\"} = 9.0")));
  EXPECT_GT(told.size(), 2'000U);
}

}  // namespace
}  // namespace tickscope::agent
