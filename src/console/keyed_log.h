// KeyedLog: a few thousand small documents by key, durable, in one file that only grows at its end.
//
//   tickscope console 1\n
//   put 1c291ca3 1700000000000 14 23\n
//   default/fleet{"kind":"Dashboard",...}\n
//   del 9ae0daaf 1700000005000 14 0\n
//   default/fleet\n
//
// A record says its checksum (CRC32C of what follows it), a time, and how long key and value are. When most of the file is
// history it is written anew beside itself and takes its own place.
//
// Invariants   K1  Update returns without error once the record is synced; after a crash it is there.
//              K2  After an error everything is as it was, also after a crash: a full disk costs no document.
//              K3  A record that a crash cut off at the end is cut away. Damage before the end costs its record only: what
//                  was found is kept as FILE.damaged, said in the log, and the rest is read on.
//              K4  After a sync that failed nothing is written any more until the file is opened again.
// Threads      Thread-safe. Writers wait for each other and for the disk; readers for neither.
// Memory       All of it is in memory, at most `bytes_max`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "io/file_system.h"

namespace tickscope::console {

struct KeyedEntry {
  std::string value;
  TimeMs time_ms = 0;  ///< Of its last change.
};
using KeyedEntryPtr = std::shared_ptr<const KeyedEntry>;

struct KeyedLogLimits {
  std::uint64_t bytes_max = 64U << 20;  ///< Of all keys and values together.
};

class KeyedLog {
 public:
  /// Opens or creates the file; its directory is made. Errors: kCorruption for a file that is no such log; those of the file
  /// system.
  [[nodiscard]] static Result<std::unique_ptr<KeyedLog>> Open(io::FileSystem& fs, const std::string& path,
                                                              KeyedLogLimits limits);

  /// What is to become of a key: a new value, or nothing for its removal.
  using Change = std::optional<std::string>;
  /// Sees what there is (null for nothing) and says what is to be there. Nobody else changes anything in between.
  using Decide = std::function<Result<Change>(const KeyedEntry* present)>;

  /// Changes a key durably. Removing what is not there writes nothing.
  /// Errors: those of `decide`; kOutOfRange past bytes_max; kUnavailable when the disk is full or failed.
  [[nodiscard]] Status Update(const std::string& key, TimeMs time_ms, const Decide& decide)
      TICKSCOPE_EXCLUDES(write_mu_, mu_);
  /// Puts a value whatever there was.
  [[nodiscard]] Status Put(const std::string& key, TimeMs time_ms, std::string value)
      TICKSCOPE_EXCLUDES(write_mu_, mu_);

  /// Null when there is none.
  [[nodiscard]] KeyedEntryPtr Find(const std::string& key) const TICKSCOPE_EXCLUDES(mu_);
  /// All whose key begins so, by key.
  [[nodiscard]] std::vector<std::pair<std::string, KeyedEntryPtr>> List(std::string_view prefix) const
      TICKSCOPE_EXCLUDES(mu_);

 private:
  KeyedLog(io::FileSystem& fs, std::string path, KeyedLogLimits limits)
      : fs_(fs), path_(std::move(path)), limits_(limits) {}
  [[nodiscard]] Status Load() TICKSCOPE_REQUIRES(write_mu_) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] Status Append(std::string_view record) TICKSCOPE_REQUIRES(write_mu_);
  [[nodiscard]] Status Rewrite() TICKSCOPE_REQUIRES(write_mu_) TICKSCOPE_EXCLUDES(mu_);
  void Apply(const std::string& key, TimeMs time_ms, Change change) TICKSCOPE_REQUIRES(mu_);

  io::FileSystem& fs_;
  const std::string path_;
  const KeyedLogLimits limits_;

  Mutex write_mu_;  // Taken before mu_.
  std::unique_ptr<io::AppendFile> file_ TICKSCOPE_GUARDED_BY(write_mu_);
  bool is_broken_ TICKSCOPE_GUARDED_BY(write_mu_) = false;

  mutable Mutex mu_;
  std::map<std::string, KeyedEntryPtr, std::less<>> entries_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;  // Of keys and values.
};

}  // namespace tickscope::console
