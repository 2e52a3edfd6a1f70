// PartFiles: parts of the cold tier as files on this machine, which is what DuckDB reads.
//
// Of a directory's store the files are the objects. Of any other, parts are fetched whole, checked against their manifest,
// and kept below a directory until others need the room. The path below it is the object's name, as the partitions in it
// are columns.
//
// Threads   Thread-safe. A fetch holds no lock; two queries that miss the same part may both fetch it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/mutex.h"
#include "cold/cold_manifest.h"
#include "io/file_system.h"
#include "objstore/object_store.h"

namespace tickscope::sql {

/// A part's file stays where it is as long as this is held.
class PartFile {
 public:
  virtual ~PartFile() = default;
  [[nodiscard]] virtual const std::string& path() const = 0;
};

class PartFiles {
 public:
  virtual ~PartFiles() = default;
  /// Errors: the store's; kCorruption naming the part; kResourceExhausted when the parts in use leave no room.
  [[nodiscard]] virtual Result<std::shared_ptr<const PartFile>> Acquire(const cold::ColdPart& part) = 0;
};

/// Parts of a DirectoryObjectStore below `root`, an absolute or relative path.
[[nodiscard]] std::unique_ptr<PartFiles> MakeDirectoryPartFiles(std::string root);

class CachedPartFiles final : public PartFiles {
 public:
  /// Keeps at most `bytes_max` below `directory`, which is made if need be; what it holds already is taken over. Both
  /// references outlive the object, and every PartFile does not.
  [[nodiscard]] static Result<std::unique_ptr<CachedPartFiles>> Open(objstore::ObjectStore& store,
                                                                     io::FileSystem& fs,
                                                                     std::string directory,
                                                                     std::uint64_t bytes_max);
  [[nodiscard]] Result<std::shared_ptr<const PartFile>> Acquire(const cold::ColdPart& part) override;

  [[nodiscard]] std::uint64_t bytes() const;

 private:
  class Lease;
  struct Entry {
    std::uint64_t bytes = 0;
    std::uint64_t used_at = 0;  ///< Turn of the last use.
    std::uint64_t holders = 0;
  };

  CachedPartFiles(objstore::ObjectStore& store, io::FileSystem& fs, std::string directory,
                  std::uint64_t bytes_max)
      : store_(store), fs_(fs), directory_(std::move(directory)), bytes_max_(bytes_max) {}
  [[nodiscard]] Status TakeOver(const std::string& below);
  [[nodiscard]] Status MakeRoom(std::uint64_t bytes) TICKSCOPE_REQUIRES(mu_);
  void Release(const std::string& name);

  objstore::ObjectStore& store_;
  io::FileSystem& fs_;
  const std::string directory_;
  const std::uint64_t bytes_max_;
  mutable Mutex mu_;
  std::map<std::string, Entry> entries_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::uint64_t turn_ TICKSCOPE_GUARDED_BY(mu_) = 0;
};

}  // namespace tickscope::sql
