// ObjectCache: objects of a store read by range as if they were mapped files. What is read is kept in sparse local files,
// so that a second query of the same blocks asks the store for nothing.
//
//   const auto object = cache.Open("metrics/raw/eu/0.block", size);   // Nothing is fetched yet.
//   object->Ensure(offset, 4096);                                     // From here on these bytes are
//   object->bytes().subspan(offset, 4096);                            // memory.
//
// Invariants   C1 Bytes that were ensured stay where they are and as they are while the object is held.
//              C2 The bytes kept are at most bytes_max. What is needed beyond evicts the objects opened the longest ago
//                 that nobody holds; when all are held, Ensure fails with kResourceExhausted and nothing is fetched.
//              C3 A unit is fetched once, however many threads want it: the others wait for the first. When that fails,
//                 one that waited tries itself, so each caller's error is its own.
//              C4 It begins empty: what an earlier process left is wiped. The extents that a file holds are known to
//                 the process alone, and warming up costs less than trusting a file that a crash may have left holes in.
// Threads      Thread-safe. Up to fetches_max fetches run at a time, over all callers; a caller takes part in its own.
// Memory       One byte a unit, and fetches_max + callers fetches of at most kCacheFetchBytes.
// Cost         A hit is one atomic load a unit.
// Metrics      tickscope_objcache_reads_total{result}, _fetched_bytes_total, _evictions_total, _bytes, _bytes_max.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/worker_pool.h"
#include "io/file_system.h"
#include "objstore/object_store.h"

namespace tickscope::objstore {

/// What is fetched is whole units: small enough for the one page a point query wants, large enough that a request is
/// not most of the cost.
inline constexpr std::uint64_t kCacheUnitBytes = std::uint64_t{256} << 10;
/// Neighbouring units are fetched together, up to this; more is split, so that its parts run at the same time.
inline constexpr std::uint64_t kCacheFetchBytes = std::uint64_t{4} << 20;

struct CacheOptions {
  std::string directory;  ///< Of its own: everything in it is wiped at the start.
  std::uint64_t bytes_max = std::uint64_t{8} << 30;
  /// Objects kept, each of which takes a file descriptor; those held may be more.
  std::size_t objects_max = 512;
  /// Fetches at a time; 1 fetches on the caller's thread alone, as a simulation of one thread needs it.
  std::size_t fetches_max = 8;
};

class ObjectCache;

/// An object as memory that is filled when asked for. Made by ObjectCache::Open. Thread-safe.
class CachedObject {
 public:
  CachedObject(ObjectCache& cache, std::string name, std::string path, std::unique_ptr<io::SparseFile> file);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t size() const { return file_->bytes().size(); }
  /// The whole object; only what was ensured holds anything, the rest reads as zeros.
  [[nodiscard]] ByteView bytes() const { return file_->bytes(); }
  /// Makes [offset, offset + length) readable. Errors: kOutOfRange past the object's end; kResourceExhausted (C2, or
  /// the disk is full); kUnavailable when the store gave less than the object's size promised; those of Get.
  [[nodiscard]] Status Ensure(std::uint64_t offset, std::uint64_t length);
  /// Has the units of a range fetched anew when they are next ensured: for a reader whose checksum did not hold.
  /// Who reads them meanwhile sees old or new bytes.
  void Distrust(std::uint64_t offset, std::uint64_t length);

 private:
  friend class ObjectCache;
  enum class Unit : std::uint8_t { kAbsent, kFetching, kPresent, kDistrusted };
  struct Run {
    std::size_t first = 0;
    std::size_t count = 0;
  };

  [[nodiscard]] bool IsPresent(std::size_t first, std::size_t end) const;
  /// Takes the missing units of a range for this caller; sets `reserve` to the bytes they need for the first time.
  [[nodiscard]] std::vector<Run> TakeMissing(std::size_t first, std::size_t end, std::uint64_t& reserve)
      TICKSCOPE_EXCLUDES(mu_);
  /// Fetches taken units; those that were not are given back.
  [[nodiscard]] Status Fetch(const std::vector<Run>& runs);
  [[nodiscard]] Status FetchRun(Run run) TICKSCOPE_EXCLUDES(mu_);
  /// Returns the bytes of those that have no room counted for them yet.
  std::uint64_t GiveBack(const std::vector<Run>& runs) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] std::uint64_t RunBytes(Run run) const;

  ObjectCache& cache_;
  const std::string name_;
  const std::string path_;
  const std::unique_ptr<io::SparseFile> file_;
  const std::size_t unit_count_;
  const std::unique_ptr<std::atomic<Unit>[]> units_;      // Changed under mu_, but for becoming present.
  std::vector<bool> has_room_ TICKSCOPE_GUARDED_BY(mu_);  // Units that are counted in the cache's bytes.
  Mutex mu_;
  CondVar fetched_;
};

class ObjectCache {
 public:
  /// Wipes and takes the directory. `store`, `files` and `metrics` outlive the cache, and it outlives its objects.
  /// Errors: kUnavailable when another process has the directory; those of listing and removing.
  [[nodiscard]] static Result<std::unique_ptr<ObjectCache>> Create(ObjectStore& store, io::FileSystem& files,
                                                                   const CacheOptions& options,
                                                                   MetricRegistry& metrics);
  ObjectCache(const ObjectCache&) = delete;
  ObjectCache& operator=(const ObjectCache&) = delete;

  /// Who keeps objects open that nobody reads lets go of them in `relieve`: it is called when what is held leaves no room, on
  /// the thread that wants some. Set before the cache is used; must not use the cache.
  void OnFull(std::function<void()> relieve) { relieve_ = std::move(relieve); }
  /// The object `name` of `size` bytes, as a listing told; fetches nothing, and finds nothing out about it. The same
  /// handle for all who have it open. Errors: kInvalidArgument for a bad name; those of making a file.
  [[nodiscard]] Result<std::shared_ptr<CachedObject>> Open(const std::string& name, std::uint64_t size)
      TICKSCOPE_EXCLUDES(mu_);

  /// Bytes kept now.
  [[nodiscard]] std::uint64_t bytes() const TICKSCOPE_EXCLUDES(mu_);

 private:
  friend class CachedObject;
  using Key = std::pair<std::string, std::uint64_t>;
  struct Entry {
    Key key;
    std::shared_ptr<CachedObject> object;
    std::uint64_t bytes = 0;  ///< Counted for it.
  };

  ObjectCache(ObjectStore& store, io::FileSystem& files, const CacheOptions& options, MetricRegistry& metrics,
              std::unique_ptr<io::DirectoryLock> lock);
  using Evicted = std::vector<std::shared_ptr<CachedObject>>;
  /// Takes objects that nobody holds out of the cache, those opened the longest ago first.
  void EvictWhile(const std::function<bool()>& is_too_much, Evicted& evicted) TICKSCOPE_REQUIRES(mu_);
  void Remove(const Evicted& evicted) TICKSCOPE_EXCLUDES(mu_);
  /// Makes room (C2) and counts it for the object.
  [[nodiscard]] Status Reserve(const CachedObject& object, std::uint64_t bytes) TICKSCOPE_EXCLUDES(mu_);
  void Unreserve(const CachedObject& object, std::uint64_t bytes) TICKSCOPE_EXCLUDES(mu_);

  ObjectStore& store_;
  io::FileSystem& files_;
  const CacheOptions options_;
  std::function<void()> relieve_;
  const std::unique_ptr<io::DirectoryLock> lock_;
  Counter* const hits_;
  Counter* const misses_;
  Counter* const fetched_bytes_;
  Counter* const evictions_;
  Gauge* const bytes_gauge_;
  mutable Mutex mu_;
  std::list<Entry> entries_ TICKSCOPE_GUARDED_BY(mu_);  // Opened last at the front.
  std::map<Key, std::list<Entry>::iterator> by_key_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::uint64_t files_made_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::unique_ptr<WorkerPool> pool_;  // Null when callers fetch alone. Last: its tasks use all the rest.
};

}  // namespace tickscope::objstore
