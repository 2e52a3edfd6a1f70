// ProcessTable: which processes of this machine run.
#pragma once

#include <cstdint>
#include <memory>

namespace tickscope::io {

/// Thread-safe.
class ProcessTable {
 public:
  virtual ~ProcessTable() = default;
  /// Whether process `pid` runs and is the one that started at `start` (field 22 of /proc/PID/stat; 0 when not known), for pids
  /// are used again. One that has ended and that nobody has asked after yet does not run. In doubt, for example when /proc
  /// hides others' processes, the answer is true. Pids are those of our own namespace.
  [[nodiscard]] virtual bool Runs(std::uint64_t pid, std::uint64_t start) const = 0;
};

[[nodiscard]] std::unique_ptr<ProcessTable> MakeProcessTable();

}  // namespace tickscope::io
