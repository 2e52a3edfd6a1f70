#include "aggregate/durable_windows.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace tickscope::aggregate {
namespace {

constexpr std::uint64_t kJournalBytesMin = 1U << 20;

}  // namespace

Result<std::unique_ptr<DurableWindows>> DurableWindows::Open(io::FileSystem* fs, const std::string& directory,
                                                             WindowsOptions options) {
  const auto make = [&] { return std::unique_ptr<DurableWindows>(new DurableWindows(options)); };
  auto durable = make();
  if (directory.empty()) return durable;
  Status loaded = durable->Load(*fs, directory);
  if (!loaded && loaded.error().code == ErrorCode::kCorruption) {
    Log(LogLevel::kError, "aggregation begins anew, its state is set aside",
        {{"error", loaded.error().message}});
    durable = make();
    durable->errors_ = 1;
    TICKSCOPE_RETURN_IF_ERROR(Journal::SetAside(*fs, directory));
    loaded = durable->Load(*fs, directory);
  }
  if (!loaded) return std::unexpected(std::move(loaded).error());
  return durable;
}

Status DurableWindows::Load(io::FileSystem& fs, const std::string& directory) {
  Journal::Loaded loaded;
  TICKSCOPE_ASSIGN_OR_RETURN(journal_, Journal::Open(fs, directory, loaded));
  if (loaded.torn_bytes > 0)
    Log(LogLevel::kInfo, "aggregation journal ended in a torn record", {{"bytes", loaded.torn_bytes}});
  return Restore(loaded);
}

Status DurableWindows::Restore(const Journal::Loaded& loaded) {
  const auto collect = [this](const Emission& emission) { unfinished_.emissions.push_back(emission); };
  TICKSCOPE_RETURN_IF_ERROR(windows_.Replay(AsBytes(loaded.snapshot), collect));
  for (const std::string& record : loaded.records) {
    const ByteView payload = AsBytes(record).subspan(1);
    switch (static_cast<Record>(record.front())) {
      case Record::kOps:
        TICKSCOPE_RETURN_IF_ERROR(windows_.Replay(payload, collect));
        break;
      case Record::kAttempt:
        unfinished_.attempts.emplace_back(AsText(payload));
        break;
      case Record::kHandedOn:
        unfinished_ = {};
        break;
      default:
        return Fail(ErrorCode::kCorruption, "aggregation state: a record of an unknown kind");
    }
  }
  return {};
}

void DurableWindows::Append(Record kind, ByteView payload) {
  if (journal_ == nullptr || is_broken_) return;
  frame_.clear();
  frame_.push_back(static_cast<std::byte>(kind));
  AppendBytes(payload, frame_);
  Note(journal_->Append(frame_));
}

void DurableWindows::Note(const Status& status) {
  if (status) return;
  ++errors_;
  if (!std::exchange(is_broken_, true))
    Log(LogLevel::kError, "aggregation is not durable until its disk takes a snapshot",
        {{"error", status.error().message}});
}

void DurableWindows::Write() {
  const Bytes ops = windows_.TakeOps();
  if (!ops.empty()) Append(Record::kOps, ops);
}

std::vector<Emission> DurableWindows::Close(TimeMs watermark_ms) {
  std::vector<Emission> emissions;
  windows_.Close(watermark_ms, [&](const Emission& emission) { emissions.push_back(emission); });
  Write();
  if (!emissions.empty() && journal_ != nullptr && !is_broken_) Note(journal_->Sync());
  return emissions;
}

void DurableWindows::NoteAttempt(std::string_view attempt) {
  Append(Record::kAttempt, AsBytes(attempt));
}

void DurableWindows::NoteHandedOn() {
  Append(Record::kHandedOn, {});
  unfinished_ = {};
}

void DurableWindows::Sync() {
  if (journal_ == nullptr) return;
  Write();
  if (!is_broken_) Note(journal_->Sync());
  Shorten();
}

void DurableWindows::Shorten() {
  const bool is_long = journal_->bytes() > std::max(kJournalBytesMin, 2 * journal_->snapshot_bytes());
  // A snapshot has no emissions in it: those that are not handed on yet are in the journal alone.
  if ((!is_long && !is_broken_) || !unfinished_.emissions.empty()) return;
  const Status replaced = journal_->Replace(windows_.Snapshot());
  if (replaced && std::exchange(is_broken_, false)) Log(LogLevel::kInfo, "aggregation is durable again");
  Note(replaced);
}

std::uint64_t DurableWindows::disk_bytes() const {
  return journal_ == nullptr ? 0 : journal_->bytes() + journal_->snapshot_bytes();
}

}  // namespace tickscope::aggregate
