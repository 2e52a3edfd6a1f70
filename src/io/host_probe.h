// HostProbe: what of this machine is asked of the kernel by calls, not by files.
//
// Threads   Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"

namespace tickscope::io {

/// Of a mounted file system.
struct FileSystemSpace {
  double size_bytes = 0;
  double free_bytes = 0;
  double available_bytes = 0;  ///< To a process without privileges.
  double files = 0;
  double files_free = 0;
};

/// What uname(2) says.
struct KernelNames {
  std::string system;
  std::string release;
  std::string version;
  std::string machine;
  std::string node;
  std::string domain;
};

/// How the kernel's clock is kept, by adjtimex(2).
struct ClockDiscipline {
  double offset_seconds = 0;         ///< From the reference it is steered by.
  double frequency_ratio = 1;        ///< At which it is made to run.
  double maximum_error_seconds = 0;  ///< 16 s, and no more, when nobody steers it.
  double estimated_error_seconds = 0;
  std::uint32_t status = 0;  ///< STA_...
  bool is_synchronized = false;
};

class HostProbe {
 public:
  virtual ~HostProbe() = default;
  /// Blocks while the file system does: not to be asked of one on another machine. Errors: kUnavailable.
  [[nodiscard]] virtual Result<FileSystemSpace> SpaceOf(const std::string& place) const = 0;
  [[nodiscard]] virtual KernelNames Names() const = 0;
  /// Errors: kUnavailable where the call is forbidden.
  [[nodiscard]] virtual Result<ClockDiscipline> Discipline() const = 0;
};

[[nodiscard]] std::unique_ptr<HostProbe> MakeHostProbe();

}  // namespace tickscope::io
