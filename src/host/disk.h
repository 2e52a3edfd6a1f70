// What the kernel says of disks and of what is mounted: /proc/diskstats, /proc/self/mounts.
//
// Source    Linux Documentation/admin-guide/iostats.rst; fstab(5) for the escapes of mounts.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host/host_sink.h"

namespace tickscope::host {

/// Whole disks; neither partitions nor what has no device behind it.
void ParseDiskstats(std::string_view text, HostSink& sink);

struct Mount {
  std::string device;
  std::string place;  ///< As it is, without escapes.
  std::string type;
  bool is_read_only = false;

  friend bool operator==(const Mount&, const Mount&) = default;
};

/// File systems that hold something, by type and place; those that are of the kernel's own making are left out, and those on other
/// machines, for asking one that is away hangs. The first `mounts_max` of them.
[[nodiscard]] std::vector<Mount> ParseMounts(std::string_view text, std::size_t mounts_max);

/// What statvfs says.
struct MountSpace {
  double size_bytes = 0;
  double free_bytes = 0;
  double available_bytes = 0;
  double files = 0;
  double files_free = 0;
};

/// `space` is null when the file system does not answer.
void AddMount(const Mount& mount, const MountSpace* space, HostSink& sink);

}  // namespace tickscope::host
