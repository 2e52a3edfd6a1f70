#include "logs/file_tailer.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/glob.h"
#include "base/log.h"

namespace tickscope::logs {
namespace {

constexpr std::size_t kNamesMax = 4'096;
constexpr std::size_t kRefusedMax = 256;
constexpr std::int64_t kCopyWaitMs = 10'000;
// Fewer bytes may be the same in two files.
constexpr std::uint64_t kHeadBytesMin = 16;

std::span<std::byte> WritableBytes(std::string& text, std::size_t size) {
  return std::as_writable_bytes(std::span(text.data(), size));
}

}  // namespace

Result<std::unique_ptr<FileTailer>> FileTailer::Make(TailOptions options, const LogSource& source,
                                                     DirectoryOpener opener, LogIntake& intake) {
  TICKSCOPE_ASSIGN_OR_RETURN(EntryFramer framer, EntryFramer::Make(options.framer));
  return std::unique_ptr<FileTailer>(
      new FileTailer(std::move(options), source, std::move(opener), std::move(framer), intake));
}

FileTailer::FileTailer(TailOptions options, const LogSource& source, DirectoryOpener opener,
                       EntryFramer framer, LogIntake& intake)
    : options_(std::move(options)),
      source_(source),
      opener_(std::move(opener)),
      framer_(std::move(framer)),
      intake_(intake),
      buffer_(kBufferBytes, '\0') {}

FileTailer::~FileTailer() = default;

void FileTailer::Restore(const std::vector<FileMark>& marks) {
  is_first_start_ = false;
  for (const FileMark& mark : marks) {
    if (Follows(mark)) restored_.push_back(mark);
  }
}

bool FileTailer::Follows(const FileMark& mark) const {
  return mark.directory == options_.directory && IsWanted(mark.name);
}

void FileTailer::AppendMarks(std::vector<FileMark>& out) const {
  out.insert(out.end(), restored_.begin(), restored_.end());
  for (const auto& tail : tails_) {
    if (!tail->copy_until_ms) out.push_back(tail->mark);
  }
}

std::uint64_t FileTailer::lag_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& tail : tails_)
    bytes += tail->size_seen - std::min(tail->size_seen, tail->mark.position);
  return bytes;
}

bool FileTailer::IsWanted(const std::string& name) const {
  const auto matches = [&](const std::string& pattern) {
    return GlobMatches(pattern, name, HiddenNames::kOnlyNamed);
  };
  return std::ranges::any_of(options_.patterns, matches) && std::ranges::none_of(options_.excludes, matches);
}

FileTailer::Tail* FileTailer::Find(const io::FileIdentity& identity) {
  const auto found =
      std::ranges::find_if(tails_, [&](const auto& tail) { return tail->mark.identity == identity; });
  return found == tails_.end() ? nullptr : found->get();
}

std::optional<std::string_view> FileTailer::ReadBytes(const io::ReadFile& file, std::uint64_t at,
                                                      std::size_t size) const {
  const auto got = file.ReadAt(at, WritableBytes(buffer_, size));
  if (!got) return std::nullopt;
  return std::string_view(buffer_).substr(0, *got);
}

bool FileTailer::Has(const io::ReadFile& file, std::uint64_t at, std::uint64_t size,
                     std::uint64_t hash) const {
  const auto bytes = ReadBytes(file, at, size);
  return bytes && bytes->size() == size && HashOf(*bytes) == hash;
}

bool FileTailer::IsKnown(const io::FileIdentity& identity) {
  return Find(identity) != nullptr ||
         std::ranges::find(restored_, identity, &FileMark::identity) != restored_.end();
}

bool FileTailer::Continues(const io::ReadFile& file, const FileMark& mark) const {
  const auto size = file.Size();
  return size && *size >= mark.position && Has(file, 0, mark.head_bytes, mark.head_hash) &&
         Has(file, mark.position - mark.tail_bytes, mark.tail_bytes, mark.tail_hash);
}

FileTailer::Tail* FileTailer::OriginalOf(const io::ReadFile& file) {
  for (const auto& tail : tails_) {
    const FileMark& mark = tail->mark;
    if (tail->is_gone || tail->copy_until_ms || mark.head_bytes < kHeadBytesMin) continue;
    if (Has(file, 0, mark.head_bytes, mark.head_hash)) return tail.get();
  }
  return nullptr;
}

void FileTailer::CountRefused(const std::string& name, const io::FileIdentity& identity) {
  const std::pair<std::string, io::FileIdentity> refused(name, identity);
  if (std::ranges::find(refused_, refused) != refused_.end()) return;
  if (refused_.size() == kRefusedMax) refused_.erase(refused_.begin());
  refused_.push_back(refused);
  intake_.metrics().files(FileEvent::kRefused).Add();
}

void FileTailer::AddTail(FileMark mark, std::unique_ptr<io::ReadFile> file, TimeMs now_ms) {
  auto tail = std::make_unique<Tail>();
  tail->mark = std::move(mark);
  tail->file = std::move(file);
  tail->grown_ms = now_ms;
  tail->is_seen = true;
  tails_.push_back(std::move(tail));
  intake_.metrics().files(FileEvent::kOpened).Add();
}

void FileTailer::Discover(io::ForeignDirectory& directory, const std::string& name,
                          const io::FileIdentity& identity, TimeMs now_ms) {
  if (Tail* const known = Find(identity)) {
    known->is_seen = true;
    known->is_gone = false;
    known->mark.name = name;
    return;
  }
  if (tails_.size() >= options_.files_max) {
    intake_.metrics().files(FileEvent::kTooMany).Add();
    return;
  }
  auto opened = directory.OpenRead(name);
  if (!opened) {
    CountRefused(name, identity);
    return;
  }
  // Another one may have the name by now.
  if (Find(opened->identity) != nullptr) return;
  const auto restored = std::ranges::find(restored_, opened->identity, &FileMark::identity);
  if (restored != restored_.end()) {
    FileMark mark = std::move(*restored);
    restored_.erase(restored);
    mark.name = name;
    AddTail(std::move(mark), std::move(opened->file), now_ms);
    return;
  }
  const Tail* const original = OriginalOf(*opened->file);
  const std::optional<io::FileIdentity> copy_of =
      original != nullptr ? std::optional(original->mark.identity) : std::nullopt;
  AddTail({.directory = options_.directory, .name = name, .identity = opened->identity},
          std::move(opened->file), now_ms);
  Tail& tail = *tails_.back();
  if (copy_of) {
    tail.copy_of = *copy_of;
    tail.copy_until_ms = now_ms + kCopyWaitMs;
  } else if (options_.from_end && is_first_start_ && !was_scanned_) {
    SkipToEnd(tail);
  }
}

void FileTailer::SkipToEnd(Tail& tail) {
  const std::uint64_t size = tail.file->Size().value_or(0);
  tail.mark.position = size;
  const std::size_t bytes = std::min<std::uint64_t>(size, kTailBytesMax);
  const std::string before(ReadBytes(*tail.file, size - bytes, bytes).value_or(""));
  tail.mark.is_skipping = !before.empty() && before.back() != '\n';
  UpdateHashes(tail, before);
}

void FileTailer::FindMoved(io::ForeignDirectory& directory, const std::vector<std::string>& names,
                           TimeMs now_ms) {
  for (std::size_t i = 0; i < std::min(names.size(), kNamesMax) && !restored_.empty(); ++i) {
    const auto identity = directory.Identify(names[i]);
    if (!identity) continue;
    const auto restored = std::ranges::find(restored_, *identity, &FileMark::identity);
    if (restored == restored_.end()) continue;
    auto opened = directory.OpenRead(names[i]);
    // Its number was given to another file.
    if (!opened || opened->identity != restored->identity || !Continues(*opened->file, *restored)) continue;
    FileMark mark = std::move(*restored);
    restored_.erase(restored);
    AddTail(std::move(mark), std::move(opened->file), now_ms);
    tails_.back()->is_gone = true;
  }
  // Its file may have been removed, or truncated and then removed: what was in it that was not read is in a copy or nowhere.
  for (const FileMark& mark : std::exchange(restored_, {})) {
    intake_.metrics().files(FileEvent::kMissing).Add();
    FindCopy(mark, now_ms);
  }
}

void FileTailer::Scan(TimeMs now_ms) {
  scanned_ms_ = now_ms;
  auto directory = opener_(options_.directory);
  auto names = directory ? (*directory)->Names("")
                         : Result<std::vector<std::string>>(std::unexpected(directory.error()));
  if (!names) {
    // It may come yet; what is open is read meanwhile.
    if (std::exchange(was_readable_, false)) {
      Log(LogLevel::kWarn, "directory of log files not read, will try again",
          {{"directory", options_.directory}, {"error", names.error().message}});
    }
    return;
  }
  was_readable_ = true;
  for (const auto& tail : tails_)
    tail->is_seen = false;
  // Files that are known come first, so that what begins as one of them is seen to be its copy, whatever its name.
  std::vector<std::pair<const std::string*, io::FileIdentity>> others;
  for (const std::string& name : *names) {
    if (!IsWanted(name)) continue;
    const auto identity = (*directory)->Identify(name);
    if (!identity) continue;
    if (IsKnown(*identity)) {
      Discover(**directory, name, *identity, now_ms);
    } else {
      others.emplace_back(&name, *identity);
    }
  }
  for (const auto& [name, identity] : others)
    Discover(**directory, *name, identity, now_ms);
  if (!restored_.empty()) FindMoved(**directory, *names, now_ms);
  for (const auto& tail : tails_) {
    if (tail->is_seen || tail->is_gone) continue;
    tail->is_gone = true;
    tail->grown_ms = now_ms;
    intake_.metrics().files(FileEvent::kRotated).Add();
  }
  was_scanned_ = true;
}

std::size_t FileTailer::Poll(TimeMs now_ms) {
  // Time that went back is as good as a second.
  if (!was_scanned_ || now_ms - scanned_ms_ >= options_.scan_interval_ms || now_ms < scanned_ms_)
    Scan(now_ms);
  std::size_t bytes = 0;
  // A truncated one may add its copy.
  for (std::size_t i = 0; i < tails_.size(); ++i) {
    if (tails_[i]->copy_until_ms) CheckCopy(*tails_[i], now_ms);
    if (!tails_[i]->copy_until_ms) bytes += Read(*tails_[i], now_ms);
  }
  std::erase_if(tails_, [](const auto& tail) { return tail->is_done; });
  return bytes;
}

void FileTailer::CheckCopy(Tail& tail, TimeMs now_ms) {
  const Tail* const original = Find(tail.copy_of);
  if (now_ms < *tail.copy_until_ms && original != nullptr && !original->is_gone) return;
  tail.copy_until_ms.reset();
  // Somebody's copy of a file that goes on being written: what of it was read there is not read here.
  if (original == nullptr || !Continues(*tail.file, original->mark)) return;
  FileMark mark = original->mark;
  mark.name = tail.mark.name;
  mark.identity = tail.mark.identity;
  tail.mark = std::move(mark);
}

void FileTailer::FindCopy(const FileMark& mark, TimeMs now_ms) {
  if (mark.head_bytes < kHeadBytesMin) return;
  const auto begin_at = [&](Tail& tail) {
    FileMark of_copy = mark;
    // A mark's name is one that is wanted, so that the next start knows whose it is.
    if (IsWanted(tail.mark.name)) of_copy.name = tail.mark.name;
    of_copy.identity = tail.mark.identity;
    tail.mark = std::move(of_copy);
    tail.copy_until_ms.reset();
    intake_.metrics().files(FileEvent::kCopied).Add();
  };
  for (const auto& tail : tails_) {
    if (tail->copy_until_ms && tail->copy_of == mark.identity && Continues(*tail->file, mark))
      return begin_at(*tail);
  }
  const auto directory = opener_(options_.directory);
  const auto names = directory ? (*directory)->Names("") : Result<std::vector<std::string>>();
  if (!directory || !names) return;
  for (std::size_t i = 0; i < std::min(names->size(), kNamesMax); ++i) {
    const auto identity = (*directory)->Identify((*names)[i]);
    if (!identity || *identity == mark.identity || Find(*identity) != nullptr) continue;
    auto opened = (*directory)->OpenRead((*names)[i]);
    if (!opened || !Continues(*opened->file, mark)) continue;
    AddTail({.directory = options_.directory, .name = (*names)[i], .identity = opened->identity},
            std::move(opened->file), now_ms);
    tails_.back()->is_gone = !IsWanted((*names)[i]);
    return begin_at(*tails_.back());
  }
}

void FileTailer::Truncated(Tail& tail, TimeMs now_ms) {
  intake_.metrics().files(FileEvent::kTruncated).Add();
  const FileMark before = tail.mark;
  // tails_ may move what it holds, but not the tail itself.
  FindCopy(before, now_ms);
  tail.mark = {.directory = before.directory, .name = before.name, .identity = before.identity};
  tail.is_new = true;
}

std::size_t FileTailer::Read(Tail& tail, TimeMs now_ms) {
  const auto size = tail.file->Size();
  if (!size) return 0;
  const bool has_changed = tail.is_new || *size != tail.size_seen;
  if (has_changed) {
    tail.size_seen = *size;
    tail.grown_ms = now_ms;
    tail.is_new = false;
    tail.is_stalled = false;
    if (!Continues(*tail.file, tail.mark)) {
      Truncated(tail, now_ms);
      return 0;
    }
  }
  const std::int64_t quiet_ms = now_ms - tail.grown_ms;
  const bool is_over = tail.is_gone && quiet_ms >= options_.rotated_wait_ms;
  if (*size == tail.mark.position) {
    tail.is_done = is_over;
    return 0;
  }
  const MoreBytes more = is_over                             ? MoreBytes::kNever
                         : quiet_ms >= options_.idle_wait_ms ? MoreBytes::kIdle
                                                             : MoreBytes::kComing;
  if (tail.is_stalled && more == MoreBytes::kComing) return 0;

  const std::size_t known = tail.mark.tail_bytes;
  const auto read = ReadBytes(*tail.file, tail.mark.position - known, kBufferBytes);
  if (!read || read->size() < known) return 0;
  const std::string_view bytes = *read;
  // Truncated since: the next poll sees to it.
  if (HashOf(bytes.substr(0, known)) != tail.mark.tail_hash) {
    tail.is_new = true;
    return 0;
  }
  // A buffer that is full is not the end of what is there.
  const std::size_t used =
      Frames(tail, bytes.substr(known), bytes.size() == kBufferBytes ? MoreBytes::kComing : more);
  tail.is_stalled = used == 0 || tail.mark.position + used >= *size;
  if (used == 0) return 0;
  tail.mark.position += used;
  const std::string before(
      bytes.substr(0, known + used).substr(known + used - std::min(known + used, kTailBytesMax)));
  UpdateHashes(tail, before);
  return used;
}

std::size_t FileTailer::Frames(Tail& tail, std::string_view bytes, MoreBytes more) {
  const std::array<LabelView, 1> filename = {{{"filename", tail.mark.name}}};
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (tail.mark.is_skipping) {
      const auto behind = EntryFramer::BehindLine(bytes, at);
      at = behind.value_or(bytes.size());
      tail.mark.is_skipping = !behind;
      continue;
    }
    // The hole of a file that was truncated under its writer.
    const std::size_t text = bytes.find_first_not_of('\0', at);
    if (text != at) {
      at = std::min(text, bytes.size());
      continue;
    }
    const std::optional<Frame> frame = framer_.Next(bytes, at, more);
    if (!frame) break;
    intake_.Add(source_, {.text = bytes.substr(frame->begin, frame->end - frame->begin),
                          .keep = frame->keep,
                          .metadata = std::span(filename).first(options_.add_filename ? 1 : 0)});
    at = frame->next;
    tail.mark.is_skipping = frame->goes_on;
  }
  return at;
}

void FileTailer::UpdateHashes(Tail& tail, std::string_view before_position) {
  FileMark& mark = tail.mark;
  mark.tail_bytes = before_position.size();
  mark.tail_hash = HashOf(before_position);
  if (mark.head_bytes == kHeadBytesMax) return;
  const auto head = ReadBytes(*tail.file, 0, std::min<std::uint64_t>(mark.position, kHeadBytesMax));
  if (!head) return;
  mark.head_bytes = head->size();
  mark.head_hash = HashOf(*head);
}

}  // namespace tickscope::logs
