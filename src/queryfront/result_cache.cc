#include "queryfront/result_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/log.h"
#include "queryfront/result_file.h"

namespace tickscope::queryfront {
namespace {

constexpr std::string_view kJournalName = "journal";
constexpr std::uint64_t kJournalBytesMax = 64U << 20;
/// Evicted entries that wait for Flush; beyond, they are forgotten.
constexpr std::uint64_t kToWriteBytesMax = 32U << 20;
/// One part in so many of the memory is for steps that are not settled.
constexpr std::uint64_t kFreshShare = 4;

}  // namespace

ResultCache::ResultCache(io::FileSystem* fs, MutationLog& log, MetricRegistry& metrics,
                         ResultCacheOptions options, Fingerprint fingerprint)
    : fs_(options.directory.empty() || options.disk_bytes == 0 ? nullptr : fs),
      log_(log),
      options_(std::move(options)),
      fingerprint_(std::move(fingerprint)),
      fresh_(log, options_.memory_bytes / kFreshShare),
      memory_gauge_(metrics.AddGauge("tickscope_query_cache_memory_bytes", "Memory of kept results.", {})),
      disk_gauge_(metrics.AddGauge("tickscope_query_cache_disk_bytes", "Files of kept results, bytes.", {})),
      entries_gauge_(
          metrics.AddGauge("tickscope_query_cache_entries", "Expressions with results in memory.", {})),
      evictions_(
          metrics.AddCounter("tickscope_query_cache_evictions_total", "Expressions that left memory.", {})),
      disk_reads_(metrics.AddCounter("tickscope_query_cache_disk_reads_total", "Files read back.", {})),
      disk_errors_(metrics.AddCounter("tickscope_query_cache_disk_errors_total",
                                      "Files that could not be written, read or believed.", {})),
      cut_steps_(metrics.AddCounter("tickscope_query_cache_cut_steps_total",
                                    "Kept steps dropped because the past they depend on has changed.", {})) {}

ResultCache::~ResultCache() = default;

Status ResultCache::Open(std::uint64_t replay_offset) {
  if (fs_ == nullptr) return {};
  TICKSCOPE_RETURN_IF_ERROR(fs_->CreateDirectories(options_.directory));
  const auto text = ReadWholeFile(*fs_, PathOf(std::string(kJournalName)), kJournalBytesMax);
  auto journal = text ? DecodeJournal(AsBytes(*text)) : Result<ResultJournal>(std::unexpected(text.error()));
  // Between the journal and the replay nothing may be missing.
  const bool is_usable = journal && replay_offset <= journal->log.end_offset;
  if (!is_usable && (text || text.error().code != ErrorCode::kNotFound)) {
    Log(LogLevel::kInfo, "kept query results are dropped",
        {{"reason",
          journal ? std::string("their journal ends before the replay begins") : journal.error().message}});
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<io::DirectoryEntry> files, fs_->List(options_.directory));
  for (const io::DirectoryEntry& file : files) {
    if (file.is_directory || file.name == kJournalName) continue;
    if (!is_usable || !file.name.ends_with(".result")) {
      TICKSCOPE_RETURN_IF_ERROR(fs_->Remove(PathOf(file.name)));
      continue;
    }
    NoteFile(file.name, file.size);
    const MutexLock lock(mu_);
    restored_files_.insert(file.name);
  }
  if (!is_usable) return {};
  log_.Restore(journal->log);
  restored_number_ = journal->log.number;
  restored_until_ms_ = journal->log.settled_until_ms;
  const MutexLock lock(mu_);
  unproven_ = std::move(journal->fingerprints);
  SetGauges();
  return {};
}

std::optional<ResultCache::Key> ResultCache::KeyOf(const TenantId& tenant, std::string_view printed,
                                                   TimeMs first_ms, std::int64_t step_ms,
                                                   std::int64_t lookback_ms, std::int64_t resolution_max_ms) {
  if (printed.size() > kKeyBytesMax) return std::nullopt;
  const std::int64_t phase = ((first_ms % step_ms) + step_ms) % step_ms;
  const std::string windows = resolution_max_ms == 0 ? "" : fmt::format(" {}", resolution_max_ms);
  return Key{tenant,
             fmt::format("{}\n{} {} {}{}\n{}", tenant, step_ms, phase, lookback_ms, windows, printed)};
}

bool ResultCache::IsTrusted(const TenantId& tenant) {
  {
    const MutexLock lock(mu_);
    if (trusted_.contains(tenant)) return true;
  }
  const std::optional<std::uint64_t> now =
      fingerprint_ ? fingerprint_(tenant) : std::optional<std::uint64_t>(0);
  if (!now) return false;
  const MutexLock lock(mu_);
  const auto before = unproven_.find(tenant);
  if (before == unproven_.end() || before->second != *now) {
    log_.Changed(tenant, std::numeric_limits<TimeMs>::min(), std::numeric_limits<TimeMs>::max());
  }
  if (before != unproven_.end()) unproven_.erase(before);
  trusted_.insert(tenant);
  return true;
}

void ResultCache::Load(const Key& key, const Reach& reach) {
  if (fs_ == nullptr) return;
  const std::string file = ResultFileName(key.text);
  bool is_restored = false;
  {
    const MutexLock lock(mu_);
    const auto found = files_.find(file);
    if (entries_.contains(key.text) || found == files_.end()) return;
    files_used_.splice(files_used_.begin(), files_used_, found->second.used);
    is_restored = restored_files_.contains(file);
  }
  disk_reads_->Add();
  const auto text = ReadWholeFile(*fs_, PathOf(file), options_.disk_bytes);
  auto entry = text ? DecodeEntry(AsBytes(*text)) : Result<ResultEntry>(std::unexpected(text.error()));
  if (!entry) {
    disk_errors_->Add();
    RemoveFile(file);
    return;
  }
  if (entry->key != key.text) return;
  std::vector<ExtentPtr> extents;
  for (Extent& extent : entry->extents) {
    if (is_restored) extent.number = std::min(extent.number, restored_number_);
    extents.push_back(std::make_shared<const Extent>(std::move(extent)));
  }
  // Of what was newer than the journal's watermark the replay does not tell everything.
  if (is_restored && restored_until_ms_ < std::numeric_limits<TimeMs>::max()) {
    CutOutOfAll(extents,
                {Plus(Minus(restored_until_ms_, reach.ahead_ms), 1), std::numeric_limits<TimeMs>::max()});
  }
  const MutexLock lock(mu_);
  if (entries_.contains(key.text)) return;
  Entry& added = EntryOf(key);
  added.extents = std::move(extents);
  CountBytes(added);
}

ResultCache::Entry& ResultCache::EntryOf(const Key& key) {
  const auto [it, is_new] = entries_.try_emplace(key.text);
  Entry& entry = it->second;
  if (is_new) {
    used_.push_front(key.text);
    entry.key = key;
    entry.used = used_.begin();
  } else {
    used_.splice(used_.begin(), used_, entry.used);
  }
  return entry;
}

void ResultCache::Refresh(Entry& entry, const Reach& reach) {
  std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
  for (const ExtentPtr& extent : entry.extents)
    oldest = std::min(oldest, extent->number);
  if (entry.extents.empty()) return;
  const std::vector<MutationLog::Change> changes = log_.Since(entry.key.tenant, oldest);
  if (changes.empty()) return;
  std::vector<ExtentPtr> left;
  for (const ExtentPtr& extent : entry.extents) {
    std::vector<ExtentPtr> parts = {extent};
    for (const MutationLog::Change& change : changes) {
      if (change.number <= extent->number) continue;
      cut_steps_->Add(CutOutOfAll(parts, ReachedBy(change, reach)));
    }
    for (const ExtentPtr& part : parts)
      left.push_back(WithNumber(part, changes.back().number));
  }
  entry.extents = std::move(left);
  if (entry.extents.size() > kExtentsMax) {
    // The newest are asked for again.
    entry.extents.erase(entry.extents.begin(),
                        entry.extents.end() - static_cast<std::ptrdiff_t>(kExtentsMax));
  }
  entry.is_dirty = true;
  CountBytes(entry);
}

void ResultCache::CountBytes(Entry& entry) {
  std::uint64_t bytes = sizeof(Entry) + 3 * entry.key.text.size();
  for (const ExtentPtr& extent : entry.extents)
    bytes += extent->memory_bytes();
  memory_bytes_ += bytes - entry.bytes;
  entry.bytes = bytes;
}

ResultCache::Found ResultCache::Find(const Key& key, const Reach& reach, TimeMs first_ms, TimeMs last_ms,
                                     TimeMs now_ms) {
  Found found;
  if (!IsTrusted(key.tenant)) return found;
  found.may_keep = true;
  found.mark = log_.Now(now_ms);
  Load(key, reach);
  std::vector<ExtentPtr> fresh = FindFresh(key, reach, found.mark);
  const auto overlaps = [&](const ExtentPtr& extent) {
    return extent->first_ms <= last_ms && extent->last_ms() >= first_ms;
  };
  const MutexLock lock(mu_);
  if (const auto entry = entries_.find(key.text); entry != entries_.end()) {
    used_.splice(used_.begin(), used_, entry->second.used);
    Refresh(entry->second, reach);
    std::ranges::copy_if(entry->second.extents, std::back_inserter(found.extents), overlaps);
    // Another may have settled more of them meanwhile.
    if (!entry->second.extents.empty())
      CutOutOfAll(fresh, {std::numeric_limits<TimeMs>::min(), entry->second.extents.back()->last_ms()});
    Evict();
  }
  std::ranges::copy_if(fresh, std::back_inserter(found.extents), overlaps);
  return found;
}

std::vector<ExtentPtr> ResultCache::FindFresh(const Key& key, const Reach& reach,
                                              const MutationLog::Mark& mark) {
  std::vector<ExtentPtr> fresh = fresh_.Find(key.tenant, key.text, reach, mark);
  const TimeMs until_ms = Minus(mark.settled_until_ms, reach.ahead_ms);
  if (fresh.empty() || fresh.front()->first_ms > until_ms) return fresh;
  for (const ExtentPtr& part : fresh) {
    if (const std::uint32_t settled = StepsUntil(*part, until_ms); settled > 0)
      PutSettled(key, reach, Slice(*part, 0, settled));
  }
  fresh_.DropUntil(key.text, until_ms);
  CutOutOfAll(fresh, {std::numeric_limits<TimeMs>::min(), until_ms});
  return fresh;
}

void ResultCache::Put(const Key& key, const Reach& reach, Extent extent, const MutationLog::Mark& mark) {
  // What a step of @ depends on all of them do.
  if (reach.fixed && reach.fixed->max_ms > mark.settled_until_ms) return;
  const std::uint32_t settled = StepsUntil(extent, Minus(mark.settled_until_ms, reach.ahead_ms));
  const std::uint32_t known = StepsUntil(extent, Minus(mark.fresh_until_ms, reach.ahead_ms));
  if (settled < known) {
    auto fresh = std::make_shared<Extent>(Slice(extent, settled, known - settled));
    if (fresh->memory_bytes() <= options_.entry_bytes_max) fresh_.Put(key.text, std::move(fresh), mark);
  }
  if (settled == 0) return;
  PutSettled(key, reach, settled == extent.count ? std::move(extent) : Slice(extent, 0, settled));
}

void ResultCache::PutSettled(const Key& key, const Reach& reach, Extent extent) {
  const std::uint64_t bytes = extent.memory_bytes();
  if (!is_on() || bytes > options_.entry_bytes_max || extent.count > kExtentStepsMax) return;
  const auto added = std::make_shared<const Extent>(std::move(extent));
  const MutexLock lock(mu_);
  Entry& entry = EntryOf(key);
  Refresh(entry, reach);
  std::vector<ExtentPtr> before;
  std::vector<ExtentPtr> touching;
  std::vector<ExtentPtr> after;
  for (const ExtentPtr& old : entry.extents) {
    if (old->last_ms() < added->first_ms - added->step_ms) {
      before.push_back(old);
    } else if (old->first_ms > added->last_ms() + added->step_ms) {
      after.push_back(old);
    } else {
      // What the new one has counts; of the old one what is beyond is kept beside it.
      for (const ExtentPtr& part : CutOut(old, {added->first_ms, added->last_ms()})) {
        if (part->first_ms < added->first_ms || part->first_ms > added->last_ms()) touching.push_back(part);
      }
    }
  }
  std::vector<ExtentPtr> joined = touching;
  joined.insert(
      std::ranges::lower_bound(joined, added->first_ms, {}, [](const ExtentPtr& e) { return e->first_ms; }),
      added);
  std::uint64_t steps = 0;
  std::uint64_t joined_bytes = 0;
  for (const ExtentPtr& part : joined) {
    steps += part->count;
    joined_bytes += part->memory_bytes();
  }
  entry.extents = std::move(before);
  if (joined.size() > 1 && steps <= kExtentStepsMax && joined_bytes <= options_.entry_bytes_max) {
    entry.extents.push_back(std::make_shared<const Extent>(Join(joined)));
  } else {
    entry.extents.push_back(added);
  }
  entry.extents.insert(entry.extents.end(), after.begin(), after.end());
  if (entry.extents.size() > kExtentsMax) entry.extents.erase(entry.extents.begin());
  entry.is_dirty = true;
  CountBytes(entry);
  Evict();
}

void ResultCache::Evict() {
  while (memory_bytes_ + fresh_.bytes() > options_.memory_bytes && !used_.empty()) {
    const auto last = entries_.find(used_.back());
    memory_bytes_ -= last->second.bytes;
    evictions_->Add();
    if (fs_ != nullptr && last->second.is_dirty && to_write_bytes_ + last->second.bytes <= kToWriteBytesMax) {
      to_write_bytes_ += last->second.bytes;
      to_write_.push_back(std::move(last->second));
    }
    entries_.erase(last);
    used_.pop_back();
  }
  SetGauges();
}

void ResultCache::SetGauges() {
  memory_gauge_->Set(static_cast<double>(memory_bytes_ + fresh_.bytes()));
  disk_gauge_->Set(static_cast<double>(disk_bytes_));
  entries_gauge_->Set(static_cast<double>(entries_.size()));
}

void ResultCache::NoteFile(const std::string& file, std::uint64_t bytes) {
  std::vector<std::string> to_remove;
  {
    const MutexLock lock(mu_);
    const auto [it, is_new] = files_.try_emplace(file);
    if (is_new) {
      files_used_.push_front(file);
      it->second.used = files_used_.begin();
    } else {
      files_used_.splice(files_used_.begin(), files_used_, it->second.used);
    }
    disk_bytes_ += bytes - it->second.bytes;
    it->second.bytes = bytes;
    std::uint64_t left = disk_bytes_;
    for (auto oldest = files_used_.rbegin(); oldest != files_used_.rend() && left > options_.disk_bytes;
         ++oldest) {
      left -= files_.at(*oldest).bytes;
      to_remove.push_back(*oldest);
    }
  }
  for (const std::string& old : to_remove)
    RemoveFile(old);
}

void ResultCache::RemoveFile(const std::string& file) {
  const Status removed = fs_->Remove(PathOf(file));
  if (!removed && removed.error().code != ErrorCode::kNotFound) disk_errors_->Add();
  const MutexLock lock(mu_);
  const auto found = files_.find(file);
  if (found == files_.end()) return;
  disk_bytes_ -= found->second.bytes;
  files_used_.erase(found->second.used);
  files_.erase(found);
  restored_files_.erase(file);
}

Status ResultCache::WriteEntry(const Entry& entry) {
  std::vector<ExtentPtr> extents = entry.extents;
  std::erase_if(extents, [](const ExtentPtr& extent) { return extent->has_histograms(); });
  const std::string file = ResultFileName(entry.key.text);
  if (extents.empty()) {
    RemoveFile(file);
    return {};
  }
  const Bytes bytes = EncodeEntry(entry.key.text, extents);
  const std::string written = PathOf(file) + ".new";
  {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto out, fs_->OpenAppend(written, io::OpenMode::kTruncate));
    const ByteView whole(bytes);
    TICKSCOPE_RETURN_IF_ERROR(out->Append({&whole, 1}));
  }
  TICKSCOPE_RETURN_IF_ERROR(fs_->Rename(written, PathOf(file)));
  {
    const MutexLock lock(mu_);
    restored_files_.erase(file);
  }
  NoteFile(file, bytes.size());
  return {};
}

Status ResultCache::Flush() {
  if (fs_ == nullptr) return {};
  std::vector<Entry> dirty;
  {
    const MutexLock lock(mu_);
    dirty = std::move(to_write_);
    to_write_.clear();
    to_write_bytes_ = 0;
    for (auto& [text, entry] : entries_) {
      if (!entry.is_dirty) continue;
      entry.is_dirty = false;
      dirty.push_back(entry);
    }
  }
  for (const Entry& entry : dirty) {
    if (const Status written = WriteEntry(entry); !written) {
      disk_errors_->Add();
      return written;
    }
  }
  return WriteJournal();
}

Status ResultCache::WriteJournal() {
  ResultJournal journal;
  std::set<TenantId> tenants;
  {
    const MutexLock lock(mu_);
    tenants = trusted_;
    // What nobody asked for yet is still as the last journal has it.
    journal.fingerprints = unproven_;
  }
  // Before the log: a change between the two is then told, and makes them differ at worst.
  for (const TenantId& tenant : tenants) {
    if (const auto now = fingerprint_ ? fingerprint_(tenant) : std::optional<std::uint64_t>(0))
      journal.fingerprints[tenant] = *now;
  }
  journal.log = log_.Save();
  const Bytes bytes = EncodeJournal(journal);
  return WriteFileAtomically(*fs_, PathOf(std::string(kJournalName)), AsText(bytes));
}

}  // namespace tickscope::queryfront
