// HostReader: one reading of this machine, from files that stay open and a few calls.
//
// Files that a kernel does not have are looked for again once in a while, not at each reading. Mounts are read at each: they change.
//
// Threads   One thread at a time.
// Memory    A buffer as large as the largest file read, at most kFileBytesMax, and two dozen descriptors.
// Cost      About 20 reads and a call a mount; nothing is allocated once buffers have grown.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/disk.h"
#include "host/host_sink.h"
#include "host/processor.h"
#include "io/file_system.h"
#include "io/host_probe.h"

namespace tickscope::host {

/// A file of the kernel's is not read past this; what is cut is passed over.
inline constexpr std::size_t kFileBytesMax = 1U << 20;
inline constexpr std::size_t kMountsMax = 256;

struct HostReaderOptions {
  std::string proc = "/proc";  ///< Where the host's procfs is: another place in a container.
  std::string root;            ///< Before the place of each mount when asking for its space; likewise.
  PerCpu per_cpu = PerCpu::kEach;
};

class HostReader {
 public:
  /// All outlive it.
  HostReader(HostReaderOptions options, io::FileSystem& fs, const io::HostProbe& probe, const Clock& clock);

  /// Tells `sink` everything that can be read now. Returns how many files did not read that did before.
  std::size_t Read(HostSink& sink);

 private:
  struct File {
    std::string path;
    std::string otherwise;  ///< Where else to look; nowhere when empty.
    std::unique_ptr<io::ReadFile> file;
    std::chrono::nanoseconds look_again{0};
    bool was_read = false;
  };

  // All of the file; empty when there is none. Valid until the next call.
  [[nodiscard]] std::string_view TextOf(File& file);
  [[nodiscard]] bool Fill(const io::ReadFile& file, std::size_t& size);
  void ReadMounts(HostSink& sink);
  void ReadClock(HostSink& sink);
  void ReadNames(HostSink& sink);

  const HostReaderOptions options_;
  io::FileSystem& fs_;
  const io::HostProbe& probe_;
  const Clock& clock_;
  Bytes buffer_;
  std::size_t failures_ = 0;  // Of the reading under way.
  std::string conntrack_count_;
  std::string place_;
  // Told again only when the text is another.
  std::string mounts_text_;
  std::vector<Mount> mounts_;

  File stat_;
  File schedstat_;
  File loadavg_;
  File pressure_cpu_;
  File pressure_memory_;
  File pressure_io_;
  File meminfo_;
  File vmstat_;
  File file_nr_;
  File diskstats_;
  File mounts_file_;
  File net_dev_;
  File softnet_;
  File snmp_;
  File snmp6_;
  File netstat_;
  File sockstat_;
  File sockstat6_;
  File udp_;
  File udp6_;
  File conntrack_count_file_;
  File conntrack_max_;
};

}  // namespace tickscope::host
