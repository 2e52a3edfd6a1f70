// DurableWindows: Windows that a kill at any moment neither loses nor doubles anything of.
//
//   samples -> Windows -> Write: ops -> journal
//   Close: ops -> journal, synced -> emissions -> the caller hands them on -> NoteHandedOn -> journal
//
// A start brings back the state from a snapshot and the ops since. Emissions that were not noted as handed on come again, the same to the
// last bit: `unfinished` has them, with what the caller noted of its attempts, from which it finds out what arrived before the kill.
//
// Without a directory all of it is in memory.
//
// Threads   Not thread-safe.
// Cost      A write system call a batch of samples, a sync when a window is closed and where the caller asks for one. The journal is replaced
//           by a snapshot when it is 1 MiB and twice the snapshot.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aggregate/journal.h"
#include "aggregate/windows.h"
#include "base/error.h"
#include "io/file_system.h"

namespace tickscope::aggregate {

class DurableWindows {
 public:
  /// Of a Close that was not noted as handed on.
  struct Unfinished {
    std::vector<Emission> emissions;
    std::vector<std::string> attempts;
  };

  /// `fs` may be null without a directory. A state that does not hold is set aside and counted as an error; all begins anew then.
  /// Errors: as Journal::Open.
  [[nodiscard]] static Result<std::unique_ptr<DurableWindows>> Open(io::FileSystem* fs,
                                                                    const std::string& directory,
                                                                    WindowsOptions options);

  [[nodiscard]] Windows& windows() { return windows_; }
  [[nodiscard]] const Windows& windows() const { return windows_; }
  [[nodiscard]] const Unfinished& unfinished() const { return unfinished_; }

  /// Writes what was done to windows() since; a kill does not take it afterwards.
  void Write();
  /// Windows that end by the watermark: synced before they are returned, so that the same come again until NoteHandedOn.
  [[nodiscard]] std::vector<Emission> Close(TimeMs watermark_ms);
  /// What the caller is about to do with emissions.
  void NoteAttempt(std::string_view attempt);
  void NoteHandedOn();
  /// Makes all durable, and the journal short again.
  void Sync();

  /// Of files; 0 without a directory.
  [[nodiscard]] std::uint64_t disk_bytes() const;
  /// Times that the disk failed: until it takes a snapshot, a kill loses what was done since.
  [[nodiscard]] std::uint64_t errors() const { return errors_; }
  [[nodiscard]] bool is_broken() const { return is_broken_; }

 private:
  enum class Record : std::uint8_t { kOps = 1, kAttempt, kHandedOn };

  explicit DurableWindows(WindowsOptions options) : windows_(options) {}
  [[nodiscard]] Status Load(io::FileSystem& fs, const std::string& directory);
  [[nodiscard]] Status Restore(const Journal::Loaded& loaded);
  void Append(Record kind, ByteView payload);
  void Note(const Status& status);
  void Shorten();

  Windows windows_;
  std::unique_ptr<Journal> journal_;  // Null without a directory.
  Unfinished unfinished_;
  Bytes frame_;
  bool is_broken_ = false;
  std::uint64_t errors_ = 0;
};

}  // namespace tickscope::aggregate
