// Snapshots: a data directory as of one moment, and back.
//
//   TO/store/...          further names of the store's files, and a manifest of its own
//   TO/stream/p0000/...   further names of the stream's closed segments, and a copy of the one being written
//   TO/SNAPSHOT           what there is; written last, so that a snapshot without it is none
//
// SNAPSHOT is text, a line a fact, the checksum of all before it last. Files of the store have checksums inside, so only
// what has none, or is copied, has one here:
//
//   tickscope-snapshot 1
//   offset 8123
//   file 4096 - store/default/0000000016.segment
//   file 512 9f01c2aa store/manifest
//   crc 0b2c11d7
//
// The store is as of its last seal; the stream goes on to the moment of the snapshot, so what was acknowledged before it
// began is in it.
//
// Threads   Functions; TakeSnapshot beside a running server.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/file_system.h"
#include "tsdb/store.h"

namespace tickscope::roles {

struct SnapshotFile {
  std::string path;  ///< Within the snapshot.
  std::uint64_t bytes = 0;
  std::string crc;  ///< Eight hexadecimal digits, "-" for files that check themselves.
};

struct SnapshotSummary {
  std::uint64_t offset = 0;  ///< Stream offset up to which the store's files go.
  std::vector<SnapshotFile> files;
  [[nodiscard]] std::uint64_t bytes() const;
};

/// Makes a snapshot of the data directory in `to`, on the same disk, which is missing or empty. `store` is its open store.
/// Errors: kFailedPrecondition when `to` holds something; what the file system says.
[[nodiscard]] Result<SnapshotSummary> TakeSnapshot(io::FileSystem& fs, tsdb::Store& store,
                                                   const std::string& data_directory, const std::string& to);

/// Checks all of a snapshot: every file there, of its size, and sound by its own or the snapshot's checksums. `progress`
/// hears each file before it is checked; may be empty. Errors: kNotFound when it is no snapshot; kCorruption naming the file.
[[nodiscard]] Result<SnapshotSummary> VerifySnapshot(
    io::FileSystem& fs, const std::string& from,
    const std::function<void(const SnapshotFile&, std::size_t index, std::size_t count)>& progress);

/// Makes a data directory of a verified snapshot: files of the store by further names where the disk is the same, copies
/// otherwise. `data_directory` appears as a whole or not at all. Errors: kFailedPrecondition when it holds something.
[[nodiscard]] Status RestoreSnapshot(io::FileSystem& fs, const std::string& from,
                                     const SnapshotSummary& snapshot, const std::string& data_directory);

}  // namespace tickscope::roles
