// Journal: a snapshot of a state and what was done to it since, on disk. docs/formats/aggregation.md is the page for people.
//
//   snapshot        | magic "TSAGGS01" | generation: u64 | state | crc32c of the above: u32 |
//   journal-N       | record... |     N: the generation, 20 digits
//   record          | bytes: u32 | crc32c of the payload: u32 | payload |
//
// Little-endian. A new snapshot has the next generation and an empty journal, so that a kill between the two files finds one truth: a
// journal is of the snapshot of its number. The first record that is torn ends a journal: nothing was appended behind it.
//
// Threads   Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "io/file_system.h"

namespace tickscope::aggregate {

class Journal {
 public:
  struct Loaded {
    std::string snapshot;  ///< Empty when there is none.
    std::vector<std::string> records;
    std::uint64_t torn_bytes = 0;  ///< At the journal's end.
  };

  /// Takes the directory, which is made if need be, for this process; `loaded` is what there was. Errors: kUnavailable when another
  /// process has it; kCorruption for a snapshot that is damaged; as the file system.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> Open(io::FileSystem& fs, std::string directory,
                                                             Loaded& loaded);

  /// Gives what is in the directory other names, so that a start finds nothing and somebody can look at it.
  [[nodiscard]] static Status SetAside(io::FileSystem& fs, const std::string& directory);

  /// Adds a record: a kill does not take it, a power cut does unless Sync returned since. After an error the journal takes nothing until
  /// Replace.
  [[nodiscard]] Status Append(ByteView payload);
  /// Makes it durable.
  [[nodiscard]] Status Sync();
  /// Begins anew from a state, durably.
  [[nodiscard]] Status Replace(ByteView snapshot);

  /// Of records since the snapshot.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t snapshot_bytes() const { return snapshot_bytes_; }

 private:
  Journal(io::FileSystem& fs, std::string directory) : fs_(fs), directory_(std::move(directory)) {}
  [[nodiscard]] Status LoadSnapshot(std::string& state);
  [[nodiscard]] Status LoadRecords(Loaded& loaded);
  [[nodiscard]] Status StartFile();
  void RemoveOthers();
  [[nodiscard]] std::string PathOf(std::uint64_t generation) const;

  io::FileSystem& fs_;
  const std::string directory_;
  std::unique_ptr<io::DirectoryLock> lock_;
  std::unique_ptr<io::AppendFile> file_;  // Null after an error.
  std::uint64_t generation_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t snapshot_bytes_ = 0;
  bool is_dirty_ = false;
};

}  // namespace tickscope::aggregate
