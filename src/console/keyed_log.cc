#include "console/keyed_log.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/log.h"
#include "codec/crc32c.h"

namespace tickscope::console {
namespace {

constexpr std::string_view kHeader = "tickscope console 1\n";
constexpr std::string_view kPut = "put ";
constexpr std::string_view kDelete = "del ";
constexpr std::size_t kCrcDigits = 8;
/// History that is let be before the file is written anew; and then no more than there is of the present.
constexpr std::uint64_t kHistoryBytesMin = 1U << 20;
/// Two of everything, and the heads of records.
constexpr std::uint64_t kFileBytesMax = 1ULL << 30;

std::uint32_t ChecksumOf(std::string_view text) {
  return codec::Crc32c(AsBytes(text));
}

std::string RecordOf(const std::string& key, TimeMs time_ms, const KeyedLog::Change& change) {
  const std::string_view value = change ? std::string_view(*change) : std::string_view();
  const std::string body = fmt::format("{} {} {}\n{}{}\n", time_ms, key.size(), value.size(), key, value);
  return fmt::format("{}{:08x} {}", change ? kPut : kDelete, ChecksumOf(body), body);
}

struct Record {
  std::string key;
  TimeMs time_ms = 0;
  KeyedLog::Change change;
  std::size_t size = 0;
};

// Takes a number and the character after it from the front of `text`.
template <typename Number>
bool TakeNumber(std::string_view& text, char after, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const auto used = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || used >= text.size() || text[used] != after) return false;
  text.remove_prefix(used + 1);
  return true;
}

// The record at the front of `text`; nothing when there is no whole and right one.
std::optional<Record> ReadRecord(std::string_view text) {
  const bool puts = text.starts_with(kPut);
  if (!puts && !text.starts_with(kDelete)) return std::nullopt;
  std::string_view rest = text.substr(kPut.size());
  std::uint32_t checksum = 0;
  if (rest.size() <= kCrcDigits || rest[kCrcDigits] != ' ' || !TakeNumber(rest, ' ', checksum, 16))
    return std::nullopt;
  const std::string_view body = rest;
  Record record;
  std::uint64_t key_bytes = 0;
  std::uint64_t value_bytes = 0;
  if (!TakeNumber(rest, ' ', record.time_ms) || !TakeNumber(rest, ' ', key_bytes) ||
      !TakeNumber(rest, '\n', value_bytes))
    return std::nullopt;
  if (key_bytes >= rest.size() || value_bytes >= rest.size() - key_bytes) return std::nullopt;
  const std::size_t body_bytes = body.size() - rest.size() + key_bytes + value_bytes + 1;
  if (body[body_bytes - 1] != '\n' || ChecksumOf(body.substr(0, body_bytes)) != checksum) return std::nullopt;
  record.key = rest.substr(0, key_bytes);
  if (puts) record.change = std::string(rest.substr(key_bytes, value_bytes));
  record.size = text.size() - body.size() + body_bytes;
  return record;
}

// Where the next whole record begins, after the damage at the front of `text`.
std::optional<std::size_t> NextRecord(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (ReadRecord(text.substr(at + 1))) return at + 1;
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<KeyedLog>> KeyedLog::Open(io::FileSystem& fs, const std::string& path,
                                                 KeyedLogLimits limits) {
  TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(io::ParentDirectory(path)));
  std::unique_ptr<KeyedLog> log(new KeyedLog(fs, path, limits));
  const MutexLock lock(log->write_mu_);
  TICKSCOPE_RETURN_IF_ERROR(log->Load());
  return log;
}

Status KeyedLog::Load() {
  auto read = io::ReadWholeFile(fs_, path_, kFileBytesMax);
  if (!read && read.error().code != ErrorCode::kNotFound) return std::unexpected(read.error());
  const std::string text = read ? *std::move(read) : std::string();
  if (text.empty()) return Rewrite();
  if (!text.starts_with(kHeader))
    return Fail(ErrorCode::kCorruption, "not a log of the console: file=" + path_);
  std::size_t at = kHeader.size();
  std::size_t damaged = 0;
  while (at < text.size()) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (auto record = ReadRecord(rest)) {
      const MutexLock lock(mu_);
      Apply(record->key, record->time_ms, std::move(record->change));
      at += record->size;
      continue;
    }
    const auto next = NextRecord(rest);
    if (!next) break;
    ++damaged;
    at += *next;
  }
  if (damaged > 0) {
    Log(LogLevel::kError, "the console's file is damaged: what can be read is used, the rest is put aside",
        {{"file", path_}, {"damaged", damaged}});
    TICKSCOPE_RETURN_IF_ERROR(io::WriteFileAtomically(fs_, path_ + ".damaged", text));
    return Rewrite();
  }
  TICKSCOPE_ASSIGN_OR_RETURN(file_, fs_.OpenAppend(path_, io::OpenMode::kOpenExisting));
  if (at == text.size()) return {};
  Log(LogLevel::kInfo, "a record that was never acknowledged is cut off", {{"file", path_}});
  TICKSCOPE_RETURN_IF_ERROR(file_->Truncate(at));
  return file_->Sync();
}

void KeyedLog::Apply(const std::string& key, TimeMs time_ms, Change change) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    bytes_ -= key.size() + found->second->value.size();
    if (!change) entries_.erase(found);
  }
  if (!change) return;
  bytes_ += key.size() + change->size();
  entries_.insert_or_assign(key, std::make_shared<const KeyedEntry>(KeyedEntry{*std::move(change), time_ms}));
}

Status KeyedLog::Update(const std::string& key, TimeMs time_ms, const Decide& decide) {
  const MutexLock writing(write_mu_);
  const KeyedEntryPtr present = Find(key);
  TICKSCOPE_ASSIGN_OR_RETURN(Change change, decide(present.get()));
  if (!change && present == nullptr) return {};
  std::uint64_t live = 0;
  {
    const MutexLock lock(mu_);
    live = bytes_;
  }
  if (change && live + key.size() + change->size() > limits_.bytes_max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("no room: want at most {} bytes together", limits_.bytes_max));
  }
  TICKSCOPE_RETURN_IF_ERROR(Append(RecordOf(key, time_ms, change)));
  {
    const MutexLock lock(mu_);
    Apply(key, time_ms, std::move(change));
    live = bytes_;
  }
  if (file_->size() < kHistoryBytesMin + 2 * live) return {};
  // What was asked for is done; a file that stays long is no reason to say otherwise.
  if (const Status rewritten = Rewrite(); !rewritten)
    Log(LogLevel::kWarn, "the console's file stays as long as it is", {{"error", rewritten.error().message}});
  return {};
}

Status KeyedLog::Put(const std::string& key, TimeMs time_ms, std::string value) {
  return Update(key, time_ms, [&](const KeyedEntry*) -> Result<Change> { return std::move(value); });
}

Status KeyedLog::Append(std::string_view record) {
  if (is_broken_)
    return Fail(ErrorCode::kUnavailable,
                "nothing can be stored until a restart: a sync failed: file=" + path_);
  const std::uint64_t before = file_->size();
  const std::array<ByteView, 1> pieces = {AsBytes(record)};
  if (const Status appended = file_->Append(pieces); !appended) {
    is_broken_ = !file_->Truncate(before);
    return Fail(ErrorCode::kUnavailable, "nothing is stored: " + appended.error().message);
  }
  if (const Status synced = file_->Sync(); !synced) {
    is_broken_ = true;
    return Fail(ErrorCode::kUnavailable, "nothing is stored: " + synced.error().message);
  }
  return {};
}

Status KeyedLog::Rewrite() {
  std::string text(kHeader);
  {
    const MutexLock lock(mu_);
    for (const auto& [key, entry] : entries_)
      text += RecordOf(key, entry->time_ms, entry->value);
  }
  TICKSCOPE_RETURN_IF_ERROR(io::WriteFileAtomically(fs_, path_, text));
  auto file = fs_.OpenAppend(path_, io::OpenMode::kOpenExisting);
  // The file that was open has no name any more.
  if (!file) is_broken_ = true;
  TICKSCOPE_ASSIGN_OR_RETURN(file_, std::move(file));
  return {};
}

KeyedEntryPtr KeyedLog::Find(const std::string& key) const {
  const MutexLock lock(mu_);
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : found->second;
}

std::vector<std::pair<std::string, KeyedEntryPtr>> KeyedLog::List(std::string_view prefix) const {
  std::vector<std::pair<std::string, KeyedEntryPtr>> found;
  const MutexLock lock(mu_);
  for (auto at = entries_.lower_bound(prefix); at != entries_.end() && at->first.starts_with(prefix); ++at)
    found.emplace_back(at->first, at->second);
  return found;
}

}  // namespace tickscope::console
