// ResultCache: extents by expression, in memory and in files.
//
//   key -> extents, disjoint, by time          key: tenant, step, phase (first step modulo step), look-back, windows that are
//                                              allowed, expression as the printer writes it
//
// A look-up gives what is still true: steps that changes of the past reach are cut out first. What is put was evaluated after the
// mark that is given with it: settled steps are kept here, newer ones beside (fresh_steps.h) until they are settled.
//
// Invariants   R1 memory and files stay within their bytes; what was used longest ago goes first, from memory to a file.
//              R2 a file that does not decode, or whose key is another, counts as missing and is removed.
// Threads      Thread-safe. Files are read by who looks up, and written by Flush alone.
// Bounds       A key by kKeyBytesMax, an extent by entry_bytes_max, extents of a key by kExtentsMax.
// Metrics      tickscope_query_cache_memory_bytes, ..._disk_bytes, ..._entries, ..._evictions_total, ..._disk_reads_total,
//              ..._disk_errors_total, ..._cut_steps_total
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "io/file_system.h"
#include "model/mutation_log.h"
#include "queryfront/fresh_steps.h"
#include "queryfront/query_shape.h"
#include "queryfront/result_extent.h"
#include "queryfront/result_reach.h"

namespace tickscope::queryfront {

inline constexpr std::size_t kKeyBytesMax = 16 << 10;
inline constexpr std::size_t kExtentsMax = 8;
/// Steps of an extent; two of the longest range queries.
inline constexpr std::uint32_t kExtentStepsMax = 22'000;

struct ResultCacheOptions {
  std::uint64_t memory_bytes = 128ULL << 20;   ///< 0 keeps nothing.
  std::uint64_t disk_bytes = 1ULL << 30;       ///< 0 writes no files.
  std::uint64_t entry_bytes_max = 8ULL << 20;  ///< Larger results are not kept.
  std::uint64_t label_bytes = 32ULL << 20;     ///< Memory for names and values (LabelCache); 0 keeps none.
  std::uint64_t negative_bytes =
      8ULL << 20;  ///< Memory for selectors that match nothing (NegativeCache); 0 keeps none.
  std::int64_t settle_ms = 60'000;  ///< How far behind now the watermark is.
  std::string directory;            ///< For files; empty writes none.
};

class ResultCache {
 public:
  using Reach = queryfront::Reach;
  struct Key {
    TenantId tenant;
    std::string text;  ///< All of the key, tenant included.
  };

  /// What a tenant's samples are in, in one number that differs when that does; nothing while it is not known. After a
  /// restart files count only when it is what it was.
  using Fingerprint = std::function<std::optional<std::uint64_t>(const TenantId&)>;

  /// `fs` may be null when there are no files. Everything given outlives this.
  ResultCache(io::FileSystem* fs, MutationLog& log, MetricRegistry& metrics, ResultCacheOptions options,
              Fingerprint fingerprint);
  ~ResultCache();
  ResultCache(const ResultCache&) = delete;
  ResultCache& operator=(const ResultCache&) = delete;

  /// Takes over what the process before left: call before the log is told anything. Records before `replay_offset` will not
  /// be told. What cannot be relied on is removed. Errors: what the file system says.
  [[nodiscard]] Status Open(std::uint64_t replay_offset) TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] bool is_on() const { return options_.memory_bytes > 0; }

  /// Extents that overlap [first_ms, last_ms], by time; whole, so perhaps longer than asked for. `now_ms` moves the watermark
  /// on: what is evaluated after this may be put with the mark and its number, if `may_keep`. It may not while a tenant's
  /// samples cannot be told to be where they were.
  struct Found {
    std::vector<ExtentPtr> extents;
    MutationLog::Mark mark;
    bool may_keep = false;
  };
  [[nodiscard]] Found Find(const Key& key, const Reach& reach, TimeMs first_ms, TimeMs last_ms, TimeMs now_ms)
      TICKSCOPE_EXCLUDES(mu_);
  /// Keeps an extent, joined with those it touches; of steps that depend on what is newer than the mark nothing.
  void Put(const Key& key, const Reach& reach, Extent extent, const MutationLog::Mark& mark)
      TICKSCOPE_EXCLUDES(mu_);

  /// Writes what is new to files, and the journal. One caller at a time. Errors: what the file system says.
  [[nodiscard]] Status Flush() TICKSCOPE_EXCLUDES(mu_);

  /// Key of a request, nothing when it would be too long.
  [[nodiscard]] static std::optional<Key> KeyOf(const TenantId& tenant, std::string_view printed,
                                                TimeMs first_ms, std::int64_t step_ms,
                                                std::int64_t lookback_ms, std::int64_t resolution_max_ms);

 private:
  struct Entry {
    Key key;
    std::vector<ExtentPtr> extents;
    std::uint64_t bytes = 0;
    bool is_dirty = false;  // Not in its file as it is here.
    std::list<std::string>::iterator used;
  };
  struct File {
    std::uint64_t bytes = 0;
    std::list<std::string>::iterator used;
  };

  void PutSettled(const Key& key, const Reach& reach, Extent extent) TICKSCOPE_EXCLUDES(mu_);
  // Steps that are still too new to be settled, true as of the mark; those that no longer are move on.
  [[nodiscard]] std::vector<ExtentPtr> FindFresh(const Key& key, const Reach& reach,
                                                 const MutationLog::Mark& mark) TICKSCOPE_EXCLUDES(mu_);
  // Whether what is known of the tenant's past holds; asks for its fingerprint the first time.
  [[nodiscard]] bool IsTrusted(const TenantId& tenant) TICKSCOPE_EXCLUDES(mu_);
  // Brings the key's file into memory if there is one and the key is not there.
  void Load(const Key& key, const Reach& reach) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] Entry& EntryOf(const Key& key) TICKSCOPE_REQUIRES(mu_);
  // Cuts out what has changed since.
  void Refresh(Entry& entry, const Reach& reach) TICKSCOPE_REQUIRES(mu_);
  void CountBytes(Entry& entry) TICKSCOPE_REQUIRES(mu_);
  void Evict() TICKSCOPE_REQUIRES(mu_);
  void SetGauges() TICKSCOPE_REQUIRES(mu_);
  void NoteFile(const std::string& file, std::uint64_t bytes) TICKSCOPE_EXCLUDES(mu_);
  void RemoveFile(const std::string& file) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] std::string PathOf(const std::string& file) const { return options_.directory + "/" + file; }
  [[nodiscard]] Status WriteEntry(const Entry& entry);
  [[nodiscard]] Status WriteJournal() TICKSCOPE_EXCLUDES(mu_);

  io::FileSystem* const fs_;
  MutationLog& log_;
  const ResultCacheOptions options_;
  const Fingerprint fingerprint_;
  FreshSteps fresh_;
  Gauge* memory_gauge_;
  Gauge* disk_gauge_;
  Gauge* entries_gauge_;
  Counter* evictions_;
  Counter* disk_reads_;
  Counter* disk_errors_;
  Counter* cut_steps_;

  mutable Mutex mu_;
  std::unordered_map<std::string, Entry> entries_ TICKSCOPE_GUARDED_BY(mu_);  // By key.
  std::list<std::string> used_ TICKSCOPE_GUARDED_BY(mu_);                     // Keys, used last first.
  std::uint64_t memory_bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::vector<Entry> to_write_ TICKSCOPE_GUARDED_BY(mu_);  // Evicted before they were in their files.
  std::uint64_t to_write_bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::unordered_map<std::string, File> files_ TICKSCOPE_GUARDED_BY(mu_);  // By file name.
  std::list<std::string> files_used_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t disk_bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  // By tenant of the journal what its samples were in; gone once compared.
  std::map<TenantId, std::uint64_t> unproven_ TICKSCOPE_GUARDED_BY(mu_);
  std::set<TenantId> trusted_ TICKSCOPE_GUARDED_BY(mu_);
  // The journal this process began with: files of before it can have no more than it.
  std::uint64_t restored_number_ = 0;
  TimeMs restored_until_ms_ = INT64_MIN;
  std::unordered_set<std::string> restored_files_ TICKSCOPE_GUARDED_BY(mu_);  // Not written since.
};

}  // namespace tickscope::queryfront
