// FileTailer: follows the log files of one directory through rotation, truncation and restarts, each line once.
//
// Names are looked at once a second, sizes at every poll. A file is known by what it is, not by its name (file_mark.h):
//
//   renamed       goes on being read under whatever name, or none, until nothing has come for `rotated_wait`
//   truncated     its first bytes or those before the position are others, or there are fewer: read from its beginning. What was
//                 not read of it before may be in a copy (logrotate's copytruncate): looked for in the directory, and read from there
//   a copy        a new file that begins as one that is followed waits until that one is truncated, and goes on where that one was
//   of a restart  is looked for by identity under every name of the directory
//
// What is no whole entry yet stays in the file: nothing of it is kept, so a thousand idle files cost a descriptor each.
//
// Invariants   T1 the marks of Marks() say exactly what was given to the intake.
//              T2 only plain files right in the directory that match a pattern are read, or that a mark or the copy of a truncated one
//                 proves to be the same; never a link.
// Bounds       files_max; one buffer of kBufferBytes for all.
// Threads      Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/foreign_directory.h"
#include "logs/entry_framer.h"
#include "logs/file_mark.h"
#include "logs/log_intake.h"

namespace tickscope::logs {

/// Of the longest entry that a framer may be asked for, with what is looked at behind it, three times.
inline constexpr std::size_t kBufferBytes = 256U << 10;
inline constexpr std::size_t kLineBytesMaxMax = 64U << 10;

struct TailOptions {
  std::string directory;              ///< Absolute, no link.
  std::vector<std::string> patterns;  ///< base/glob.h
  std::vector<std::string> excludes;
  FramerOptions framer;
  bool from_end = false;      ///< Files that are there at the first start ever are read from their end.
  bool add_filename = false;  ///< The file's name goes with each entry.
  std::size_t files_max = 256;
  std::int64_t scan_interval_ms = 1'000;
  std::int64_t idle_wait_ms = 5'000;      ///< After which an entry without an end is one.
  std::int64_t rotated_wait_ms = 60'000;  ///< After which a file without a name is let go, when nothing came.

  friend bool operator==(const TailOptions&, const TailOptions&) = default;
};

using DirectoryOpener = std::function<Result<std::unique_ptr<io::ForeignDirectory>>(const std::string&)>;

class FileTailer {
 public:
  /// All outlive the tailer. Errors: as EntryFramer::Make.
  [[nodiscard]] static Result<std::unique_ptr<FileTailer>> Make(TailOptions options, const LogSource& source,
                                                                DirectoryOpener opener, LogIntake& intake);
  ~FileTailer();

  /// Whether a mark is of a file that this would follow, by its name.
  [[nodiscard]] bool Follows(const FileMark& mark) const;
  /// What an earlier start had read; marks of other directories, and of names that match no pattern, are not looked at. Call before the first Poll.
  void Restore(const std::vector<FileMark>& marks);
  /// What is read from now on is of that source.
  void Use(const LogSource& source) { source_ = source; }
  /// Reads at most a buffer of each file. Bytes that were read: 0 when there is nothing new.
  std::size_t Poll(TimeMs now_ms);
  /// Appends how far each file was read.
  void AppendMarks(std::vector<FileMark>& out) const;

  [[nodiscard]] const TailOptions& options() const { return options_; }
  [[nodiscard]] std::size_t open_files() const { return tails_.size(); }
  /// Bytes that wait, as of the last poll.
  [[nodiscard]] std::uint64_t lag_bytes() const;

 private:
  struct Tail {
    FileMark mark;
    std::unique_ptr<io::ReadFile> file;
    std::uint64_t size_seen = 0;
    TimeMs grown_ms = 0;
    bool is_new = true;       // Not looked at yet.
    bool is_gone = false;     // Has no name that matches.
    bool is_seen = false;     // By the scan under way.
    bool is_stalled = false;  // What is there is no entry yet.
    bool is_done = false;
    std::optional<TimeMs> copy_until_ms;  // Waits, up to then, for the file it looks like to be truncated.
    io::FileIdentity copy_of;
  };

  FileTailer(TailOptions options, const LogSource& source, DirectoryOpener opener, EntryFramer framer,
             LogIntake& intake);
  void Scan(TimeMs now_ms);
  // Whether the identity is one that is followed, or that a mark waits for.
  [[nodiscard]] bool IsKnown(const io::FileIdentity& identity);
  void Discover(io::ForeignDirectory& directory, const std::string& name, const io::FileIdentity& identity,
                TimeMs now_ms);
  void FindMoved(io::ForeignDirectory& directory, const std::vector<std::string>& names, TimeMs now_ms);
  [[nodiscard]] bool IsWanted(const std::string& name) const;
  [[nodiscard]] Tail* Find(const io::FileIdentity& identity);
  [[nodiscard]] Tail* OriginalOf(const io::ReadFile& file);
  void AddTail(FileMark mark, std::unique_ptr<io::ReadFile> file, TimeMs now_ms);
  void SkipToEnd(Tail& tail);
  std::size_t Read(Tail& tail, TimeMs now_ms);
  std::size_t Frames(Tail& tail, std::string_view bytes, MoreBytes more);
  void Truncated(Tail& tail, TimeMs now_ms);
  void FindCopy(const FileMark& mark, TimeMs now_ms);
  void CheckCopy(Tail& tail, TimeMs now_ms);
  [[nodiscard]] bool Continues(const io::ReadFile& file, const FileMark& mark) const;
  // Of the buffer; fewer at the file's end. Nullopt when the file is not to be read now.
  [[nodiscard]] std::optional<std::string_view> ReadBytes(const io::ReadFile& file, std::uint64_t at,
                                                          std::size_t size) const;
  [[nodiscard]] bool Has(const io::ReadFile& file, std::uint64_t at, std::uint64_t size,
                         std::uint64_t hash) const;
  void UpdateHashes(Tail& tail, std::string_view before_position);
  void CountRefused(const std::string& name, const io::FileIdentity& identity);

  const TailOptions options_;
  LogSource source_;
  const DirectoryOpener opener_;
  const EntryFramer framer_;
  LogIntake& intake_;
  std::vector<std::unique_ptr<Tail>> tails_;
  std::vector<FileMark> restored_;  // Of files that were not found yet.
  std::vector<std::pair<std::string, io::FileIdentity>> refused_;
  bool is_first_start_ = true;
  bool was_scanned_ = false;
  bool was_readable_ = true;
  TimeMs scanned_ms_ = 0;
  mutable std::string buffer_;
};

}  // namespace tickscope::logs
