#include "host/disk.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "host/fields.h"

namespace tickscope::host {
namespace {

constexpr double kSectorBytes = 512;  // Whatever the disk's own are.
constexpr double kMillisPerSecond = 1'000;

struct DiskField {
  HostFamily family;
  double factor = 1;
};
// In the kernel's order, after the device's numbers and name; without a name: not told.
constexpr DiskField kDiskFields[] = {
    {{"node_disk_reads_completed_total", HostType::kCounter,
      "The total number of reads completed successfully."}},
    {{"node_disk_reads_merged_total", HostType::kCounter, "The total number of reads merged."}},
    {{"node_disk_read_bytes_total", HostType::kCounter, "The total number of bytes read successfully."},
     kSectorBytes},
    {{"node_disk_read_time_seconds_total", HostType::kCounter,
      "The total number of seconds spent by all reads."},
     1 / kMillisPerSecond},
    {{"node_disk_writes_completed_total", HostType::kCounter,
      "The total number of writes completed successfully."}},
    {{"node_disk_writes_merged_total", HostType::kCounter, "The number of writes merged."}},
    {{"node_disk_written_bytes_total", HostType::kCounter, "The total number of bytes written successfully."},
     kSectorBytes},
    {{"node_disk_write_time_seconds_total", HostType::kCounter,
      "This is the total number of seconds spent by all writes."},
     1 / kMillisPerSecond},
    {{"node_disk_io_now", HostType::kGauge, "The number of I/Os currently in progress."}},
    {{"node_disk_io_time_seconds_total", HostType::kCounter, "Total seconds spent doing I/Os."},
     1 / kMillisPerSecond},
    {{"node_disk_io_time_weighted_seconds_total", HostType::kCounter,
      "The weighted # of seconds spent doing I/Os."},
     1 / kMillisPerSecond},
};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, IsDigit);
}

// ram0, loop3, fd0; sda1, xvdb2; nvme0n1p3.
bool IsLeftOutDisk(std::string_view name) {
  for (const std::string_view kind : {"ram", "loop", "fd"}) {
    if (name.starts_with(kind) && IsNumber(name.substr(kind.size()))) return true;
  }
  for (const std::string_view kind : {"hd", "sd", "vd", "xvd"}) {
    if (!name.starts_with(kind) || name.size() < kind.size() + 2) continue;
    const char letter = name[kind.size()];
    if (letter >= 'a' && letter <= 'z' && IsNumber(name.substr(kind.size() + 1))) return true;
  }
  if (!name.starts_with("nvme")) return false;
  const std::size_t space = name.find('n', 4);
  const std::size_t part = name.find('p', 4);
  return space != std::string_view::npos && part != std::string_view::npos && space < part &&
         IsNumber(name.substr(4, space - 4)) && IsNumber(name.substr(space + 1, part - space - 1)) &&
         IsNumber(name.substr(part + 1));
}

constexpr std::string_view kTypesLeftOut[] = {
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
    "fusectl", "hugetlbfs", "iso9660", "mqueue", "nsfs", "overlay", "proc", "procfs", "pstore", "rpc_pipefs",
    "securityfs", "selinuxfs", "squashfs", "sysfs", "tracefs",
    // Of other machines, or of a process that need not answer.
    "nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "lustre", "9p", "afs", "ncpfs", "beegfs"};

constexpr std::string_view kPlacesLeftOut[] = {"/dev", "/proc", "/sys"};
constexpr std::string_view kRootsLeftOut[] = {"/run/credentials/", "/var/lib/docker/",
                                              "/var/lib/containers/storage/"};

bool IsLeftOutType(std::string_view type) {
  return std::ranges::find(kTypesLeftOut, type) != std::end(kTypesLeftOut) || type.starts_with("fuse.");
}

bool IsLeftOutPlace(std::string_view place) {
  for (const std::string_view left_out : kPlacesLeftOut) {
    if (place == left_out || (place.starts_with(left_out) && place[left_out.size()] == '/')) return true;
  }
  return std::ranges::any_of(kRootsLeftOut, [&](std::string_view root) {
    return place.starts_with(root) && place.size() > root.size();
  });
}

// Blank, tab, line feed and backslash are written as a backslash and three octal digits.
std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = text[i] == '\\' ? ToUint(text.substr(i + 1, 3), 8) : std::nullopt;
    if (code && i + 3 < text.size() && *code < 256) {
      out.push_back(static_cast<char>(*code));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool HasOption(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    const std::size_t comma = options.find(',');
    if (options.substr(0, comma) == wanted) return true;
    options.remove_prefix(comma == std::string_view::npos ? options.size() : comma + 1);
  }
  return false;
}

constexpr HostFamily kSize = {"node_filesystem_size_bytes", HostType::kGauge, "Filesystem size in bytes."};
constexpr HostFamily kFree = {"node_filesystem_free_bytes", HostType::kGauge,
                              "Filesystem free space in bytes."};
constexpr HostFamily kAvailable = {"node_filesystem_avail_bytes", HostType::kGauge,
                                   "Filesystem space available to non-root users in bytes."};
constexpr HostFamily kFiles = {"node_filesystem_files", HostType::kGauge, "Filesystem total file nodes."};
constexpr HostFamily kFilesFree = {"node_filesystem_files_free", HostType::kGauge,
                                   "Filesystem total free file nodes."};
constexpr HostFamily kReadOnly = {"node_filesystem_readonly", HostType::kGauge,
                                  "Filesystem read-only status."};
constexpr HostFamily kDeviceError = {
    "node_filesystem_device_error", HostType::kGauge,
    "Whether an error occurred while getting statistics for the given device."};

}  // namespace

void ParseDiskstats(std::string_view text, HostSink& sink) {
  while (auto line = TakeLine(text)) {
    static_cast<void>(TakeWord(*line));
    static_cast<void>(TakeWord(*line));
    const std::string_view device = TakeWord(*line);
    if (device.empty() || IsLeftOutDisk(device)) continue;
    const HostLabel labels[] = {{"device", device}};
    for (const DiskField& field : kDiskFields) {
      // Partitions had four fields before 2.6.25, in another order: their name is left out above.
      const auto value = TakeUint(*line);
      if (!value) break;
      sink.Add(field.family, labels, static_cast<double>(*value) * field.factor);
    }
  }
}

std::vector<Mount> ParseMounts(std::string_view text, std::size_t mounts_max) {
  std::vector<Mount> mounts;
  while (auto line = TakeLine(text)) {
    const std::string_view device = TakeWord(*line);
    const std::string_view place = TakeWord(*line);
    const std::string_view type = TakeWord(*line);
    const std::string_view options = TakeWord(*line);
    if (options.empty() || mounts.size() == mounts_max) continue;
    Mount mount{.device = Unescape(device),
                .place = Unescape(place),
                .type = std::string(type),
                .is_read_only = HasOption(options, "ro")};
    if (!IsLeftOutType(type) && !IsLeftOutPlace(mount.place)) mounts.push_back(std::move(mount));
  }
  return mounts;
}

void AddMount(const Mount& mount, const MountSpace* space, HostSink& sink) {
  const HostLabel labels[] = {{"device", mount.device}, {"fstype", mount.type}, {"mountpoint", mount.place}};
  sink.Add(kDeviceError, labels, space == nullptr ? 1 : 0);
  if (space == nullptr) return;
  sink.Add(kSize, labels, space->size_bytes);
  sink.Add(kFree, labels, space->free_bytes);
  sink.Add(kAvailable, labels, space->available_bytes);
  sink.Add(kFiles, labels, space->files);
  sink.Add(kFilesFree, labels, space->files_free);
  sink.Add(kReadOnly, labels, mount.is_read_only ? 1 : 0);
}

}  // namespace tickscope::host
