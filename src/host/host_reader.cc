#include "host/host_reader.h"

#include <utility>

#include "host/memory.h"
#include "host/network.h"

namespace tickscope::host {
namespace {

constexpr std::size_t kBufferBytes = 16U << 10;
constexpr std::chrono::minutes kLookAgain{5};

constexpr HostFamily kTime = {"node_time_seconds", HostType::kGauge,
                              "System time in seconds since epoch (1970)."};
constexpr HostFamily kUname = {"node_uname_info", HostType::kGauge,
                               "Labeled system information as provided by the uname system call."};
constexpr HostFamily kOffset = {"node_timex_offset_seconds", HostType::kGauge,
                                "Time offset in between local system and reference clock."};
constexpr HostFamily kFrequency = {"node_timex_frequency_adjustment_ratio", HostType::kGauge,
                                   "Local clock frequency adjustment."};
constexpr HostFamily kMaximumError = {"node_timex_maxerror_seconds", HostType::kGauge,
                                      "Maximum error in seconds."};
constexpr HostFamily kEstimatedError = {"node_timex_estimated_error_seconds", HostType::kGauge,
                                        "Estimated error in seconds."};
constexpr HostFamily kStatus = {"node_timex_status", HostType::kGauge, "Value of the status array bits."};
constexpr HostFamily kSync = {"node_timex_sync_status", HostType::kGauge,
                              "Is clock synchronized to a reliable server (1 = yes, 0 = no)."};

}  // namespace

HostReader::HostReader(HostReaderOptions options, io::FileSystem& fs, const io::HostProbe& probe,
                       const Clock& clock)
    : options_(std::move(options)), fs_(fs), probe_(probe), clock_(clock), buffer_(kBufferBytes) {
  const auto at = [&](File& file, std::string_view path, std::string_view otherwise = {}) {
    file.path = options_.proc;
    file.path += path;
    if (otherwise.empty()) return;
    file.otherwise = options_.proc;
    file.otherwise += otherwise;
  };
  at(stat_, "/stat");
  at(schedstat_, "/schedstat");
  at(loadavg_, "/loadavg");
  at(pressure_cpu_, "/pressure/cpu");
  at(pressure_memory_, "/pressure/memory");
  at(pressure_io_, "/pressure/io");
  at(meminfo_, "/meminfo");
  at(vmstat_, "/vmstat");
  at(file_nr_, "/sys/fs/file-nr");
  at(diskstats_, "/diskstats");
  // Mounts and network of the first process, if it lets us: ours may be put in namespaces of its own.
  at(mounts_file_, "/1/mounts", "/self/mounts");
  at(net_dev_, "/1/net/dev", "/net/dev");
  at(softnet_, "/1/net/softnet_stat", "/net/softnet_stat");
  at(snmp_, "/1/net/snmp", "/net/snmp");
  at(snmp6_, "/1/net/snmp6", "/net/snmp6");
  at(netstat_, "/1/net/netstat", "/net/netstat");
  at(sockstat_, "/1/net/sockstat", "/net/sockstat");
  at(sockstat6_, "/1/net/sockstat6", "/net/sockstat6");
  at(udp_, "/1/net/udp", "/net/udp");
  at(udp6_, "/1/net/udp6", "/net/udp6");
  at(conntrack_count_file_, "/sys/net/netfilter/nf_conntrack_count");
  at(conntrack_max_, "/sys/net/netfilter/nf_conntrack_max");
}

bool HostReader::Fill(const io::ReadFile& file, std::size_t& size) {
  while (true) {
    const auto bytes = file.ReadAt(0, buffer_);
    if (!bytes) return false;
    size = *bytes;
    // Read again from the beginning: the kernel makes the text anew, and two halves would not be of one moment.
    if (size < buffer_.size() || buffer_.size() >= kFileBytesMax) return true;
    buffer_.resize(2 * buffer_.size());
  }
}

std::string_view HostReader::TextOf(File& file) {
  const std::chrono::nanoseconds now = clock_.Monotonic();
  if (file.file == nullptr) {
    if (now < file.look_again) return {};
    file.look_again = now + kLookAgain;
    auto opened = fs_.OpenRead(file.path);
    if (!opened && !file.otherwise.empty()) opened = fs_.OpenRead(file.otherwise);
    if (!opened) return {};
    file.file = *std::move(opened);
  }
  std::size_t size = 0;
  if (!Fill(*file.file, size)) {
    file.file.reset();
    // Known once: worth a look at the next reading.
    file.look_again = file.was_read ? now : now + kLookAgain;
    failures_ += std::exchange(file.was_read, false) ? 1U : 0U;
    return {};
  }
  file.was_read = true;
  return AsText(ByteView(buffer_).first(size));
}

void HostReader::ReadMounts(HostSink& sink) {
  const std::string_view text = TextOf(mounts_file_);
  if (text != mounts_text_) {
    mounts_text_ = text;
    mounts_ = ParseMounts(text, kMountsMax);
  }
  for (const Mount& mount : mounts_) {
    place_ = options_.root;
    place_ += mount.place;
    const auto space = probe_.SpaceOf(place_);
    if (!space) {
      AddMount(mount, nullptr, sink);
      continue;
    }
    const MountSpace told = {.size_bytes = space->size_bytes,
                             .free_bytes = space->free_bytes,
                             .available_bytes = space->available_bytes,
                             .files = space->files,
                             .files_free = space->files_free};
    AddMount(mount, &told, sink);
  }
}

void HostReader::ReadClock(HostSink& sink) {
  sink.Add(kTime, static_cast<double>(clock_.NowMs()) / 1'000);
  const auto clock = probe_.Discipline();
  if (!clock) return;
  sink.Add(kOffset, clock->offset_seconds);
  sink.Add(kFrequency, clock->frequency_ratio);
  sink.Add(kMaximumError, clock->maximum_error_seconds);
  sink.Add(kEstimatedError, clock->estimated_error_seconds);
  sink.Add(kStatus, static_cast<double>(clock->status));
  sink.Add(kSync, clock->is_synchronized ? 1 : 0);
}

void HostReader::ReadNames(HostSink& sink) {
  const io::KernelNames names = probe_.Names();
  const HostLabel labels[] = {{"domainname", names.domain}, {"machine", names.machine},
                              {"nodename", names.node},     {"release", names.release},
                              {"sysname", names.system},    {"version", names.version}};
  sink.Add(kUname, labels, 1);
}

std::size_t HostReader::Read(HostSink& sink) {
  failures_ = 0;
  ParseStat(TextOf(stat_), options_.per_cpu, sink);
  ParseSchedstat(TextOf(schedstat_), options_.per_cpu, sink);
  ParseLoadavg(TextOf(loadavg_), sink);
  ParsePressure(TextOf(pressure_cpu_), Pressure::kCpu, sink);
  ParsePressure(TextOf(pressure_memory_), Pressure::kMemory, sink);
  ParsePressure(TextOf(pressure_io_), Pressure::kIo, sink);
  ParseMeminfo(TextOf(meminfo_), sink);
  ParseVmstat(TextOf(vmstat_), sink);
  ParseFileNr(TextOf(file_nr_), sink);
  ParseDiskstats(TextOf(diskstats_), sink);
  ReadMounts(sink);
  ParseNetDev(TextOf(net_dev_), sink);
  ParseSoftnet(TextOf(softnet_), sink);
  ParseSnmp(TextOf(snmp_), sink);
  ParseSnmp6(TextOf(snmp6_), sink);
  ParseSnmp(TextOf(netstat_), sink);
  ParseSockstat(TextOf(sockstat_), sink);
  ParseSockstat(TextOf(sockstat6_), sink);
  ParseUdpQueues(TextOf(udp_), "v4", sink);
  ParseUdpQueues(TextOf(udp6_), "v6", sink);
  conntrack_count_ = TextOf(conntrack_count_file_);
  ParseConntrack(conntrack_count_, TextOf(conntrack_max_), sink);
  ReadClock(sink);
  ReadNames(sink);
  return failures_;
}

}  // namespace tickscope::host
