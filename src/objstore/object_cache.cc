#include "objstore/object_cache.h"

#include <algorithm>

#include "base/check.h"

namespace tickscope::objstore {
namespace {

// Tasks that wait for a thread of the pool; a caller whose piece finds no place fetches it itself.
constexpr std::size_t kQueuedFetchesMax = 256;

std::size_t UnitCount(std::uint64_t bytes) {
  return static_cast<std::size_t>((bytes + kCacheUnitBytes - 1) / kCacheUnitBytes);
}

// Pieces of one caller that other threads fetch: how many are still out, and the first that failed.
class Pieces {
 public:
  void Begin() TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    ++out_;
  }
  void End(const Status& status) TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    if (!status && first_failure_) first_failure_ = status;
    --out_;
    ended_.NotifyAll();
  }
  [[nodiscard]] Status WaitForAll() TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    while (out_ > 0)
      ended_.Wait(mu_);
    return first_failure_;
  }

 private:
  Mutex mu_;
  CondVar ended_;
  std::size_t out_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  Status first_failure_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace

CachedObject::CachedObject(ObjectCache& cache, std::string name, std::string path,
                           std::unique_ptr<io::SparseFile> file)
    : cache_(cache),
      name_(std::move(name)),
      path_(std::move(path)),
      file_(std::move(file)),
      unit_count_(UnitCount(file_->bytes().size())),
      units_(std::make_unique<std::atomic<Unit>[]>(unit_count_)),
      has_room_(unit_count_) {}

bool CachedObject::IsPresent(std::size_t first, std::size_t end) const {
  for (std::size_t i = first; i < end; ++i) {
    if (units_[i].load(std::memory_order_acquire) != Unit::kPresent) return false;
  }
  return true;
}

std::uint64_t CachedObject::RunBytes(Run run) const {
  const std::uint64_t begin = run.first * kCacheUnitBytes;
  return std::min(begin + run.count * kCacheUnitBytes, size()) - begin;
}

std::vector<CachedObject::Run> CachedObject::TakeMissing(std::size_t first, std::size_t end,
                                                         std::uint64_t& reserve) {
  constexpr std::size_t kRunUnitsMax = kCacheFetchBytes / kCacheUnitBytes;
  std::vector<Run> runs;
  reserve = 0;
  const MutexLock lock(mu_);
  for (std::size_t i = first; i < end; ++i) {
    const Unit unit = units_[i].load(std::memory_order_acquire);
    if (unit != Unit::kAbsent && unit != Unit::kDistrusted) continue;
    units_[i].store(Unit::kFetching, std::memory_order_release);
    if (!has_room_[i]) reserve += RunBytes({i, 1});
    if (runs.empty() || runs.back().first + runs.back().count != i || runs.back().count == kRunUnitsMax) {
      runs.push_back({i, 0});
    }
    ++runs.back().count;
  }
  return runs;
}

std::uint64_t CachedObject::GiveBack(const std::vector<Run>& runs) {
  std::uint64_t without_room = 0;
  const MutexLock lock(mu_);
  for (const Run& run : runs) {
    for (std::size_t i = run.first; i < run.first + run.count; ++i) {
      if (units_[i].load(std::memory_order_acquire) == Unit::kPresent) continue;
      units_[i].store(has_room_[i] ? Unit::kDistrusted : Unit::kAbsent, std::memory_order_release);
      if (!has_room_[i]) without_room += RunBytes({i, 1});
    }
  }
  fetched_.NotifyAll();
  return without_room;
}

Status CachedObject::FetchRun(Run run) {
  const std::uint64_t offset = run.first * kCacheUnitBytes;
  const std::uint64_t bytes = RunBytes(run);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string got,
                             cache_.store_.GetWithin(name_, offset, static_cast<std::size_t>(bytes), size()));
  if (got.size() != bytes) {
    return Fail(ErrorCode::kUnavailable,
                "object came short: object=" + name_ + " offset=" + std::to_string(offset) +
                    " got=" + std::to_string(got.size()) + " want=" + std::to_string(bytes));
  }
  TICKSCOPE_RETURN_IF_ERROR(file_->WriteAt(offset, AsBytes(got)));
  cache_.fetched_bytes_->Add(bytes);
  const MutexLock lock(mu_);
  for (std::size_t i = run.first; i < run.first + run.count; ++i) {
    has_room_[i] = true;
    units_[i].store(Unit::kPresent, std::memory_order_release);
  }
  fetched_.NotifyAll();
  return {};
}

Status CachedObject::Fetch(const std::vector<Run>& runs) {
  Pieces pieces;
  // The first one is this thread's own, so that a caller gets on when all others are busy for somebody else.
  for (std::size_t i = 1; i < runs.size(); ++i) {
    pieces.Begin();
    const auto task = [this, &pieces, run = runs[i]] { pieces.End(FetchRun(run)); };
    if (!cache_.pool_ || !cache_.pool_->Submit(task)) task();
  }
  const Status own = FetchRun(runs.front());
  const Status others = pieces.WaitForAll();
  return own ? others : own;
}

Status CachedObject::Ensure(std::uint64_t offset, std::uint64_t length) {
  if (offset > size() || length > size() - offset) {
    return Fail(ErrorCode::kOutOfRange,
                "range past the object's end: object=" + name_ + " offset=" + std::to_string(offset) +
                    " bytes=" + std::to_string(length) + " size=" + std::to_string(size()));
  }
  if (length == 0) return {};
  const auto first = static_cast<std::size_t>(offset / kCacheUnitBytes);
  const std::size_t end = UnitCount(offset + length);
  if (IsPresent(first, end)) {
    cache_.hits_->Add();
    return {};
  }
  cache_.misses_->Add();
  while (!IsPresent(first, end)) {
    std::uint64_t reserve = 0;
    const std::vector<Run> runs = TakeMissing(first, end, reserve);
    if (!runs.empty()) {
      if (Status reserved = cache_.Reserve(*this, reserve); !reserved) {
        GiveBack(runs);
        return reserved;
      }
      if (Status fetched = Fetch(runs); !fetched) {
        cache_.Unreserve(*this, GiveBack(runs));
        return fetched;
      }
      continue;
    }
    // Others are at it. What they fail to fetch is found missing above.
    const MutexLock lock(mu_);
    const auto is_fetching = [&] {
      for (std::size_t i = first; i < end; ++i) {
        if (units_[i].load(std::memory_order_acquire) == Unit::kFetching) return true;
      }
      return false;
    };
    while (is_fetching())
      fetched_.Wait(mu_);
  }
  return {};
}

void CachedObject::Distrust(std::uint64_t offset, std::uint64_t length) {
  if (length == 0 || offset >= size()) return;
  const MutexLock lock(mu_);
  const std::size_t end = UnitCount(offset + std::min(length, size() - offset));
  for (auto i = static_cast<std::size_t>(offset / kCacheUnitBytes); i < end; ++i) {
    if (units_[i].load(std::memory_order_acquire) == Unit::kPresent) {
      units_[i].store(Unit::kDistrusted, std::memory_order_release);
    }
  }
}

Result<std::unique_ptr<ObjectCache>> ObjectCache::Create(ObjectStore& store, io::FileSystem& files,
                                                         const CacheOptions& options,
                                                         MetricRegistry& metrics) {
  TICKSCOPE_RETURN_IF_ERROR(files.CreateDirectories(options.directory));
  TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<io::DirectoryLock> lock, files.LockDirectory(options.directory));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<io::DirectoryEntry> entries, files.List(options.directory));
  for (const io::DirectoryEntry& entry : entries) {
    if (entry.is_directory) {
      return Fail(ErrorCode::kFailedPrecondition,
                  "cache directory holds a directory, so it is not the cache's own: path=" +
                      options.directory + "/" + entry.name);
    }
  }
  for (const io::DirectoryEntry& entry : entries)
    TICKSCOPE_RETURN_IF_ERROR(files.Remove(options.directory + "/" + entry.name));
  return std::unique_ptr<ObjectCache>(new ObjectCache(store, files, options, metrics, std::move(lock)));
}

ObjectCache::ObjectCache(ObjectStore& store, io::FileSystem& files, const CacheOptions& options,
                         MetricRegistry& metrics, std::unique_ptr<io::DirectoryLock> lock)
    : store_(store),
      files_(files),
      options_(options),
      lock_(std::move(lock)),
      hits_(metrics.AddCounter("tickscope_objcache_reads_total",
                               "Ranges of remote objects asked for: all there (hit), or some fetched (miss).",
                               {{"result", "hit"}})),
      misses_(
          metrics.AddCounter("tickscope_objcache_reads_total",
                             "Ranges of remote objects asked for: all there (hit), or some fetched (miss).",
                             {{"result", "miss"}})),
      fetched_bytes_(metrics.AddCounter("tickscope_objcache_fetched_bytes_total",
                                        "Bytes of remote objects fetched into the local cache.", {})),
      evictions_(metrics.AddCounter("tickscope_objcache_evictions_total",
                                    "Objects whose local copy was dropped to make room.", {})),
      bytes_gauge_(
          metrics.AddGauge("tickscope_objcache_bytes", "Bytes of remote objects kept locally.", {})) {
  metrics.AddGauge("tickscope_objcache_bytes_max", "Bytes of remote objects that may be kept locally.", {})
      ->Set(static_cast<double>(options.bytes_max));
  if (options.fetches_max > 1) pool_ = std::make_unique<WorkerPool>(options.fetches_max, kQueuedFetchesMax);
}

Result<std::shared_ptr<CachedObject>> ObjectCache::Open(const std::string& name, std::uint64_t size) {
  TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
  const Key key(name, size);
  std::string path;
  Evicted evicted;
  {
    const MutexLock lock(mu_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->object;
    }
    path = options_.directory + "/" + std::to_string(files_made_++) + ".part";
    EvictWhile([&]() TICKSCOPE_REQUIRES(mu_) { return entries_.size() >= options_.objects_max; }, evicted);
  }
  Remove(evicted);
  TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<io::SparseFile> file, files_.CreateSparse(path, size));
  auto object = std::make_shared<CachedObject>(*this, name, path, std::move(file));
  {
    const MutexLock lock(mu_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
      entries_.push_front({key, object, 0});
      by_key_[key] = entries_.begin();
      return object;
    }
    // Another thread was quicker.
    object = found->second->object;
  }
  TICKSCOPE_RETURN_IF_ERROR(files_.Remove(path));
  return object;
}

void ObjectCache::EvictWhile(const std::function<bool()>& is_too_much, Evicted& evicted) {
  // What is held cannot go; nobody comes to hold an object while the lock is taken.
  for (auto entry = entries_.end(); entry != entries_.begin() && is_too_much();) {
    --entry;
    if (entry->object.use_count() > 1) continue;
    bytes_ -= entry->bytes;
    evicted.push_back(std::move(entry->object));
    by_key_.erase(entry->key);
    entry = entries_.erase(entry);
  }
}

void ObjectCache::Remove(const Evicted& evicted) {
  for (const std::shared_ptr<CachedObject>& object : evicted) {
    evictions_->Add();
    // A file that cannot be removed is wiped at the next start.
    static_cast<void>(files_.Remove(object->path_));
  }
}

Status ObjectCache::Reserve(const CachedObject& object, std::uint64_t bytes) {
  Evicted evicted;
  const auto make_room = [&]() TICKSCOPE_REQUIRES(mu_) {
    EvictWhile([&]() TICKSCOPE_REQUIRES(mu_) { return bytes_ + bytes > options_.bytes_max; }, evicted);
    return bytes_ + bytes <= options_.bytes_max;
  };
  bool has_room = true;
  {
    const MutexLock lock(mu_);
    has_room = make_room();
  }
  if (!has_room && relieve_) relieve_();
  Status status;
  {
    const MutexLock lock(mu_);
    static_cast<void>(make_room());
    if (bytes_ + bytes > options_.bytes_max) {
      status =
          Fail(ErrorCode::kResourceExhausted,
               "object cache is full of what is being read: raise its size or read less at a time: object=" +
                   object.name() + " bytes=" + std::to_string(bytes) + " held=" + std::to_string(bytes_) +
                   " bytes_max=" + std::to_string(options_.bytes_max));
    } else {
      bytes_ += bytes;
      by_key_.at(Key(object.name(), object.size()))->bytes += bytes;
    }
    bytes_gauge_->Set(static_cast<double>(bytes_));
  }
  Remove(evicted);
  return status;
}

void ObjectCache::Unreserve(const CachedObject& object, std::uint64_t bytes) {
  const MutexLock lock(mu_);
  bytes_ -= bytes;
  by_key_.at(Key(object.name(), object.size()))->bytes -= bytes;
  bytes_gauge_->Set(static_cast<double>(bytes_));
}

std::uint64_t ObjectCache::bytes() const {
  const MutexLock lock(mu_);
  return bytes_;
}

}  // namespace tickscope::objstore
