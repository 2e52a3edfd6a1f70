// ProcessInfo: what this process uses, as the kernel counts it. For our own metrics.
#pragma once

#include <cstdint>
#include <memory>

#include "base/error.h"

namespace tickscope::io {

struct ProcessUsage {
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;  ///< User and system, all threads, since the start.
  std::uint64_t thread_count = 0;
  std::uint64_t open_file_count = 0;
};

/// Thread-safe.
class ProcessInfo {
 public:
  virtual ~ProcessInfo() = default;
  /// Errors: kUnavailable when /proc is not there.
  [[nodiscard]] virtual Result<ProcessUsage> Read() const = 0;
};

[[nodiscard]] std::unique_ptr<ProcessInfo> MakeProcessInfo();

/// Lets everybody else on the machine go first, for processor and disk: this thread and those it starts from now on get what
/// nobody else wants. For work that nobody waits for and that holds nothing others need.
void LowerPriority();

/// Lets the process's other threads go first while there is a choice: this thread and those it starts get a tenth of what
/// an ordinary one gets, and the disk when it is idle. For work that must get on, too.
void LowerThreadPriority();

/// Lets this process open as many files and sockets as its hard limit allows, for the usual 1,024 are fewer than the
/// connections a server takes. Returns how many that are.
std::uint64_t RaiseOpenFileLimit();

/// Lets code and constants that the start alone needed leave this process's memory; what is used again comes back from the
/// system's cache of files. For processes that are small and run for long.
void LetGoOfStartupCode();

}  // namespace tickscope::io
