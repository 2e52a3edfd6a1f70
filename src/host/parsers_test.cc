// The kernel's text files: what is made of them as they are on a recent kernel, on old ones, and when they are cut or odd. Expected lines
// are those that node_exporter 1.5 has for the same text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "host/disk.h"
#include "host/host_text_test.h"
#include "host/memory.h"
#include "host/network.h"
#include "host/processor.h"

namespace tickscope::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Case {
  const char* name;
  std::string text;
  std::vector<std::string> want;
};

void Check(std::initializer_list<Case> cases, const std::function<void(std::string_view, HostSink&)>& parse) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    HostText told;
    parse(c.text, told);
    EXPECT_EQ(told.lines, c.want);
  }
}

TEST(HostParsers, Stat) {
  Check({{"recent",
          "cpu  3 4 6 8 10 12 14 16 0 0\n"
          "cpu0 1 2 3 4 5 6 7 8 9 10\n"
          "intr 123 1 2 3\nctxt 456\nbtime 1700000000\nprocesses 789\nprocs_running 2\nprocs_blocked 1\n"
          "softirq 5 1 2\n",
          {"node_cpu_seconds_total{cpu=0,mode=user} 0.01", "node_cpu_seconds_total{cpu=0,mode=nice} 0.02",
           "node_cpu_seconds_total{cpu=0,mode=system} 0.03", "node_cpu_seconds_total{cpu=0,mode=idle} 0.04",
           "node_cpu_seconds_total{cpu=0,mode=iowait} 0.05", "node_cpu_seconds_total{cpu=0,mode=irq} 0.06",
           "node_cpu_seconds_total{cpu=0,mode=softirq} 0.07", "node_cpu_seconds_total{cpu=0,mode=steal} 0.08",
           "node_intr_total 123", "node_context_switches_total 456", "node_boot_time_seconds 1700000000",
           "node_forks_total 789", "node_procs_running 2", "node_procs_blocked 1"}},
         {"2.4: four modes",
          "cpu0 100 200 300 400\n",
          {"node_cpu_seconds_total{cpu=0,mode=user} 1", "node_cpu_seconds_total{cpu=0,mode=nice} 2",
           "node_cpu_seconds_total{cpu=0,mode=system} 3", "node_cpu_seconds_total{cpu=0,mode=idle} 4"}},
         {"no such processor, no number, cut", "cpux 1 2\ncpu1 a 2\nctxt \nctxt -5\nbtime 17x\nintr", {}},
         {"empty", "", {}}},
        [](std::string_view text, HostSink& sink) { ParseStat(text, PerCpu::kEach, sink); });
  HostText sum;
  ParseStat("cpu  100 200\ncpu0 50 100\ncpu1 50 100\n", PerCpu::kSum, sum);
  EXPECT_THAT(sum.lines,
              ElementsAre("node_cpu_seconds_total{mode=user} 1", "node_cpu_seconds_total{mode=nice} 2"));
}

TEST(HostParsers, Schedstat) {
  constexpr std::string_view kText =
      "version 15\ntimestamp 1\n"
      "cpu0 0 0 0 0 0 0 2000000000 1500000000 7\ndomain0 3 1 2 3\n"
      "cpu1 0 0 0 0 0 0 1000000000 500000000 3\n"
      "cpu2 0 0 0\n";
  HostText each;
  ParseSchedstat(kText, PerCpu::kEach, each);
  EXPECT_THAT(each.lines, ElementsAre("node_schedstat_running_seconds_total{cpu=0} 2",
                                      "node_schedstat_waiting_seconds_total{cpu=0} 1.5",
                                      "node_schedstat_timeslices_total{cpu=0} 7",
                                      "node_schedstat_running_seconds_total{cpu=1} 1",
                                      "node_schedstat_waiting_seconds_total{cpu=1} 0.5",
                                      "node_schedstat_timeslices_total{cpu=1} 3"));
  HostText sum;
  ParseSchedstat(kText, PerCpu::kSum, sum);
  EXPECT_THAT(sum.lines,
              ElementsAre("node_schedstat_running_seconds_total 3", "node_schedstat_waiting_seconds_total 2",
                          "node_schedstat_timeslices_total 10"));
  HostText none;
  ParseSchedstat("version 15\n", PerCpu::kSum, none);
  EXPECT_THAT(none.lines, IsEmpty());
}

TEST(HostParsers, LoadAndPressure) {
  Check({{"load", "0.10 1.25 20.00 2/300 4000\n", {"node_load1 0.1", "node_load5 1.25", "node_load15 20"}},
         {"cut", "0.10 x", {"node_load1 0.1"}}},
        ParseLoadavg);
  constexpr std::string_view kText =
      "some avg10=0.00 avg60=0.10 avg300=1.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 "
      "total=1000\n";
  const auto told = [&](Pressure of) {
    HostText out;
    ParsePressure(kText, of, out);
    return out.lines;
  };
  EXPECT_THAT(told(Pressure::kCpu), ElementsAre("node_pressure_cpu_waiting_seconds_total 2.5"));
  EXPECT_THAT(told(Pressure::kMemory), ElementsAre("node_pressure_memory_waiting_seconds_total 2.5",
                                                   "node_pressure_memory_stalled_seconds_total 0.001"));
  EXPECT_THAT(told(Pressure::kIo), ElementsAre("node_pressure_io_waiting_seconds_total 2.5",
                                               "node_pressure_io_stalled_seconds_total 0.001"));
}

TEST(HostParsers, Memory) {
  Check({{"recent",
          "MemTotal:       16384 kB\nMemAvailable:    8192 kB\nActive(anon):      1 kB\nHugePages_Total:     "
          "  3\n"
          "Hugepagesize:     2048 kB\nCommitted_AS:   18446744073709551615 kB\n",
          {"node_memory_MemTotal_bytes 16777216", "node_memory_MemAvailable_bytes 8388608",
           "node_memory_HugePages_Total 3", "node_memory_Committed_AS_bytes 1.888946593147858e+22"}},
         {"2.4 has a table first",
          "        total:    used:    free:\nMem:  1 2 3\nMemTotal: 4 kB\n",
          {"node_memory_MemTotal_bytes 4096"}},
         {"no number", "MemFree: kB\nMemFree 5 kB\n", {}}},
        ParseMeminfo);
  Check({{"vmstat",
          "nr_free_pages 5\npgfault 6\noom_kill 0\npgmajfault\n",
          {"node_vmstat_pgfault 6", "node_vmstat_oom_kill 0"}}},
        ParseVmstat);
  Check({{"files",
          "1120\t0\t9223372036854775807\n",
          {"node_filefd_allocated 1120", "node_filefd_maximum 9.223372036854776e+18"}},
         {"cut", "1120\t0", {}}},
        ParseFileNr);
}

TEST(HostParsers, Diskstats) {
  Check(
      {{"recent kernels have flushes, old ones eleven fields",
        " 254       0 vda 1 2 3 4000 5 6 7 8000 9 10000 11000 12 13 14 15 16 17\n"
        " 259       0 nvme0n1 1 0 0 0 0 0 0 0 0 0 0\n",
        {"node_disk_reads_completed_total{device=vda} 1",
         "node_disk_reads_merged_total{device=vda} 2",
         "node_disk_read_bytes_total{device=vda} 1536",
         "node_disk_read_time_seconds_total{device=vda} 4",
         "node_disk_writes_completed_total{device=vda} 5",
         "node_disk_writes_merged_total{device=vda} 6",
         "node_disk_written_bytes_total{device=vda} 3584",
         "node_disk_write_time_seconds_total{device=vda} 8",
         "node_disk_io_now{device=vda} 9",
         "node_disk_io_time_seconds_total{device=vda} 10",
         "node_disk_io_time_weighted_seconds_total{device=vda} 11",
         "node_disk_reads_completed_total{device=nvme0n1} 1",
         "node_disk_reads_merged_total{device=nvme0n1} 0",
         "node_disk_read_bytes_total{device=nvme0n1} 0",
         "node_disk_read_time_seconds_total{device=nvme0n1} 0",
         "node_disk_writes_completed_total{device=nvme0n1} 0",
         "node_disk_writes_merged_total{device=nvme0n1} 0",
         "node_disk_written_bytes_total{device=nvme0n1} 0",
         "node_disk_write_time_seconds_total{device=nvme0n1} 0",
         "node_disk_io_now{device=nvme0n1} 0",
         "node_disk_io_time_seconds_total{device=nvme0n1} 0",
         "node_disk_io_time_weighted_seconds_total{device=nvme0n1} 0"}},
       {"partitions and what has no device",
        "7 0 loop0 1\n1 0 ram3 1\n2 0 fd0 1\n8 1 sda1 1\n8 1 xvdb12 1\n259 1 nvme10n1p2 1\n",
        {}},
       {"names that only look like those",
        "8 0 sda 1\n253 0 dm-0 2\n7 0 loop 3\n8 0 vd1 4\n",
        {"node_disk_reads_completed_total{device=sda} 1", "node_disk_reads_completed_total{device=dm-0} 2",
         "node_disk_reads_completed_total{device=loop} 3", "node_disk_reads_completed_total{device=vd1} 4"}},
       {"cut", "8 0\n8 0 sda\n", {}}},
      ParseDiskstats);
}

TEST(HostParsers, Mounts) {
  EXPECT_THAT(
      ParseMounts("/dev/vda / ext4 rw,relatime 0 0\n"
                  "proc /proc proc rw 0 0\n"
                  "tmpfs /dev/shm tmpfs rw 0 0\n"
                  "tmpfs /developer tmpfs rw 0 0\n"
                  "/dev/sdb /mnt/a\\040b\\134c xfs relatime,ro 0 0\n"
                  "/dev/sdc /odd\\9 xfs rworo,errors=remount-ro 0 0\n"
                  "host:/x /net nfs4 rw 0 0\n"
                  "sshfs /away fuse.sshfs rw 0 0\n"
                  "overlay /var/lib/docker/overlay2/x overlay rw 0 0\n"
                  "tmpfs /var/lib/docker/ tmpfs rw 0 0\n"
                  "cut /cut xfs\n",
                  10),
      ElementsAre(Mount{"/dev/vda", "/", "ext4", false}, Mount{"tmpfs", "/developer", "tmpfs", false},
                  Mount{"/dev/sdb", "/mnt/a b\\c", "xfs", true}, Mount{"/dev/sdc", "/odd\\9", "xfs", false},
                  Mount{"tmpfs", "/var/lib/docker/", "tmpfs", false}));
  EXPECT_EQ(ParseMounts("a /a xfs rw 0 0\nb /b xfs rw 0 0\nc /c xfs rw 0 0\n", 2).size(), 2U);

  HostText told;
  const MountSpace space = {
      .size_bytes = 10, .free_bytes = 5, .available_bytes = 4, .files = 3, .files_free = 2};
  AddMount({"/dev/vda", "/", "ext4", true}, &space, told);
  AddMount({"/dev/vdb", "/b", "ext4", false}, nullptr, told);
  EXPECT_THAT(told.lines,
              ElementsAre("node_filesystem_device_error{device=/dev/vda,fstype=ext4,mountpoint=/} 0",
                          "node_filesystem_size_bytes{device=/dev/vda,fstype=ext4,mountpoint=/} 10",
                          "node_filesystem_free_bytes{device=/dev/vda,fstype=ext4,mountpoint=/} 5",
                          "node_filesystem_avail_bytes{device=/dev/vda,fstype=ext4,mountpoint=/} 4",
                          "node_filesystem_files{device=/dev/vda,fstype=ext4,mountpoint=/} 3",
                          "node_filesystem_files_free{device=/dev/vda,fstype=ext4,mountpoint=/} 2",
                          "node_filesystem_readonly{device=/dev/vda,fstype=ext4,mountpoint=/} 1",
                          "node_filesystem_device_error{device=/dev/vdb,fstype=ext4,mountpoint=/b} 1"));
}

TEST(HostParsers, NetDev) {
  const std::vector<std::string> want = {"node_network_receive_bytes_total{device=eth0} 1",
                                         "node_network_receive_packets_total{device=eth0} 2",
                                         "node_network_receive_errs_total{device=eth0} 3",
                                         "node_network_receive_drop_total{device=eth0} 4",
                                         "node_network_receive_fifo_total{device=eth0} 5",
                                         "node_network_receive_multicast_total{device=eth0} 8",
                                         "node_network_transmit_bytes_total{device=eth0} 9",
                                         "node_network_transmit_packets_total{device=eth0} 10",
                                         "node_network_transmit_errs_total{device=eth0} 11",
                                         "node_network_transmit_drop_total{device=eth0} 12",
                                         "node_network_transmit_fifo_total{device=eth0} 13"};
  const std::string head = "Inter-|   Receive  |  Transmit\n face |bytes    packets|bytes packets\n";
  Check({{"recent", head + "  eth0:       1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", want},
         {"no blank behind the colon", head + "  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", want},
         {"an alias", head + "eth0:1: 5\n", {"node_network_receive_bytes_total{device=eth0:1} 5"}},
         {"no device, cut", head + ": 1 2\n eth1:", {}}},
        ParseNetDev);
}

TEST(HostParsers, Softnet) {
  Check({{"old: a line a processor",
          "0000000a 00000001 00000002 0\nff 0 0\n",
          {"node_softnet_processed_total{cpu=0} 10", "node_softnet_dropped_total{cpu=0} 1",
           "node_softnet_times_squeezed_total{cpu=0} 2", "node_softnet_processed_total{cpu=1} 255",
           "node_softnet_dropped_total{cpu=1} 0", "node_softnet_times_squeezed_total{cpu=1} 0"}},
         {"recent: with the processor, of which some are off",
          "1 2 3 0 0 0 0 0 0 0 0 0 0000000b 0 0\n",
          {"node_softnet_processed_total{cpu=11} 1", "node_softnet_dropped_total{cpu=11} 2",
           "node_softnet_times_squeezed_total{cpu=11} 3"}},
         {"odd", "zz 1\n\n", {"node_softnet_dropped_total{cpu=0} 1"}}},
        ParseSoftnet);
}

TEST(HostParsers, Snmp) {
  Check({{"pairs",
          "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
          "Tcp: MaxConn CurrEstab RetransSegs\nTcp: -1 5 6\n"
          "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors MemErrors\nUdp: 1 2 3 4 "
          "5 6 7\n",
          {"node_netstat_Tcp_CurrEstab 5", "node_netstat_Tcp_RetransSegs 6", "node_netstat_Udp_InDatagrams 1",
           "node_netstat_Udp_NoPorts 2", "node_netstat_Udp_InErrors 3", "node_netstat_Udp_OutDatagrams 4",
           "node_netstat_Udp_RcvbufErrors 5", "node_netstat_Udp_SndbufErrors 6"}},
         {"netstat",
          "TcpExt: SyncookiesSent ListenDrops\nTcpExt: 0 9\nIpExt: InOctets\nIpExt: 18446744073709551615\n",
          {"node_netstat_TcpExt_ListenDrops 9", "node_netstat_IpExt_InOctets 1.8446744073709552e+19"}},
         {"more names than values, values of another group",
          "Udp: InErrors NoPorts\nUdp: 1\nTcp: InSegs\nUdp: 4\n",
          {"node_netstat_Udp_InErrors 1"}},
         {"cut", "Udp: InErrors\n", {}}},
        ParseSnmp);
  Check({{"snmp6",
          "Ip6InReceives 1\nUdp6InErrors     2\nUdpLite6InErrors 3\nUdp6InErrorsX 4\n",
          {"node_netstat_Udp6_InErrors 2"}}},
        ParseSnmp6);
}

TEST(HostParsers, Sockets) {
  Check({{"sockstat",
          "sockets: used 16\nTCP: inuse 1 orphan 0 tw 2 alloc 3 mem 364\nUDP: inuse 4 mem 5\nFRAG: inuse 0\n",
          {"node_sockstat_sockets_used 16", "node_sockstat_TCP_inuse 1", "node_sockstat_TCP_orphan 0",
           "node_sockstat_TCP_tw 2", "node_sockstat_TCP_alloc 3", "node_sockstat_TCP_mem 364",
           "node_sockstat_UDP_inuse 4", "node_sockstat_UDP_mem 5"}},
         {"cut", "TCP: inuse", {}}},
        ParseSockstat);
  HostText udp;
  ParseUdpQueues(
      "  sl  local_address rem_address   st tx_queue rx_queue tr\n"
      " 10: 00000000:0035 00000000:0000 07 00000010:00000100 00:00000000\n"
      " 11: 00000000:0036 00000000:0000 07 00000001:00000000 00:00000000\n"
      " 12: cut",
      "v4", udp);
  ParseUdpQueues("", "v6", udp);
  EXPECT_THAT(udp.lines,
              ElementsAre("node_udp_queues{ip=v4,queue=tx} 17", "node_udp_queues{ip=v4,queue=rx} 256"));
  HostText conntrack;
  ParseConntrack("12\n", "262144\n", conntrack);
  ParseConntrack("", "x\n", conntrack);
  EXPECT_THAT(conntrack.lines,
              ElementsAre("node_nf_conntrack_entries 12", "node_nf_conntrack_entries_limit 262144"));
}

}  // namespace
}  // namespace tickscope::host
