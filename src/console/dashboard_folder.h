// DashboardFolder: dashboards that are kept as files, by people or by Git: DIR/NAME.json and DIR/FOLDER/NAME.json.
//
// Files are read again when somebody asks and the last look is some seconds old. A file that cannot be read as a dashboard keeps
// the version that could, and is told about in the log and in the list.
//
// Threads   Thread-safe. Who asks at the time of a look waits for the disk.
// Bounds    Files, their size, folders in folders: past them a file is left out, and told about.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "console/dashboard_document.h"
#include "io/file_system.h"

namespace tickscope::console {

struct FolderDashboard {
  std::shared_ptr<const DashboardDocument> document;
  std::string folder;  ///< Where it lies, below the directory; empty for its top.
  std::string file;    ///< Below the directory.
  TimeMs updated_ms = 0;
};

/// What a folder held at one time.
struct FolderState {
  std::map<std::string, FolderDashboard, std::less<>> dashboards;  ///< By name.
  std::vector<std::string> problems;  ///< "FILE: what", of files that are not as they should be.
};

class DashboardFolder {
 public:
  struct Bounds {
    std::uint64_t files_max = 1'000;
    std::uint64_t file_bytes_max = 1U << 20;
  };
  /// An empty directory name is a folder without dashboards.
  DashboardFolder(io::FileSystem& fs, const Clock& clock, std::string directory, Bounds bounds);

  /// Never null.
  [[nodiscard]] std::shared_ptr<const FolderState> Look() TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Found {
    std::string file;
    std::string folder;
    std::string text;
  };
  void ReadFiles(const std::string& below, std::size_t depth, std::vector<Found>& found,
                 FolderState& state) const;
  [[nodiscard]] std::shared_ptr<const FolderState> Read(const FolderState& before) const;

  io::FileSystem& fs_;
  const Clock& clock_;
  const std::string directory_;
  const Bounds bounds_;
  Mutex mu_;
  std::shared_ptr<const FolderState> state_ TICKSCOPE_GUARDED_BY(mu_);
  std::optional<std::chrono::nanoseconds> looked_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::console
