#include "fleet/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/bytes.h"

namespace tickscope::fleet {
namespace {

constexpr std::string_view kHeading = "tickscope fleet ledger 1";
constexpr std::string_view kRunPrefix = "run ";
constexpr std::string_view kAckPrefix = "ack ";

struct Ack {
  std::uint32_t group = 0;
  std::uint64_t first_tick = 0;
  std::uint64_t tick_count = 0;
};

template <typename T>
bool TakeNumber(std::string_view& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return true;
}

Result<Ack> ParseAck(std::string_view text, const RunPlan& plan) {
  Ack ack;
  std::string_view rest = text;
  if (!TakeNumber(rest, ack.group) || !TakeNumber(rest, ack.first_tick) ||
      !TakeNumber(rest, ack.tick_count) || !rest.empty()) {
    return Fail(ErrorCode::kCorruption, fmt::format("want \"ack GROUP TICK COUNT\", got \"ack {}\"", text));
  }
  if (ack.group >= plan.group_count() || ack.first_tick > kTickMax || ack.tick_count == 0 ||
      ack.tick_count > kPointsPerRequestMax) {
    return Fail(ErrorCode::kCorruption, fmt::format("ack beyond its run: {}", text));
  }
  return ack;
}

Status ParseLine(std::string_view line, Ledger& ledger) {
  if (line.starts_with(kRunPrefix)) {
    TICKSCOPE_ASSIGN_OR_RETURN(const RunPlan plan, ParsePlan(line.substr(kRunPrefix.size())));
    ledger.runs.push_back({.plan = plan, .acknowledged = {}});
    return {};
  }
  if (!line.starts_with(kAckPrefix)) {
    return Fail(ErrorCode::kCorruption, fmt::format("want run or ack, got \"{}\"", line));
  }
  if (ledger.runs.empty()) return Fail(ErrorCode::kCorruption, "ack before any run");
  LedgerRun& run = ledger.runs.back();
  TICKSCOPE_ASSIGN_OR_RETURN(const Ack ack, ParseAck(line.substr(kAckPrefix.size()), run.plan));
  run.acknowledged[ack.group].Add(ack.first_tick, ack.tick_count);
  return {};
}

}  // namespace

void TickSet::Add(std::uint64_t first, std::uint64_t count) {
  std::uint64_t last_end = first + count;
  // The range that begins at or before us absorbs us if it reaches us; then we absorb all that we reach.
  auto at = ranges_.upper_bound(first);
  if (at != ranges_.begin() && std::prev(at)->second >= first) {
    --at;
    first = at->first;
  }
  while (at != ranges_.end() && at->first <= last_end) {
    last_end = std::max(last_end, at->second);
    at = ranges_.erase(at);
  }
  ranges_.emplace_hint(at, first, last_end);
}

bool TickSet::Contains(std::uint64_t tick) const {
  const auto after = ranges_.upper_bound(tick);
  return after != ranges_.begin() && tick < std::prev(after)->second;
}

std::uint64_t LedgerRun::TickEnd() const {
  std::uint64_t end = 0;
  for (const auto& [group, ticks] : acknowledged)
    end = std::max(end, ticks.end());
  return end;
}

Result<Ledger> ParseLedger(std::string_view text) {
  Ledger ledger;
  const std::size_t last_end = text.rfind('\n');
  ledger.whole_bytes = last_end == std::string_view::npos ? 0 : last_end + 1;
  text = text.substr(0, ledger.whole_bytes);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (number == 1) {
      if (line == kHeading) continue;
      return Fail(ErrorCode::kCorruption,
                  fmt::format("ledger line 1: want \"{}\", got \"{}\"", kHeading, line));
    }
    if (Status status = ParseLine(line, ledger); !status) {
      return FailWith(fmt::format("ledger line {}", number), std::move(status).error());
    }
  }
  return ledger;
}

Result<Ledger> ReadLedger(io::FileSystem& fs, const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string text, io::ReadWholeFile(fs, path, kLedgerBytesMax));
  return ParseLedger(text);
}

Result<std::unique_ptr<LedgerWriter>> LedgerWriter::Open(io::FileSystem& fs, const std::string& path,
                                                         const RunPlan& plan) {
  std::unique_ptr<io::AppendFile> file;
  std::string opening;
  if (Result<Ledger> before = ReadLedger(fs, path); before) {
    for (const LedgerRun& run : before->runs) {
      const TimeMs free_from_ms =
          run.plan.start_ms + static_cast<TimeMs>(run.TickEnd()) * run.plan.cadence_ms;
      if (plan.start_ms < free_from_ms) {
        return Fail(ErrorCode::kInvalidArgument,
                    fmt::format("ledger {} has a run up to {}: this one starts earlier, at {}", path,
                                free_from_ms, plan.start_ms));
      }
    }
    TICKSCOPE_ASSIGN_OR_RETURN(file, fs.OpenAppend(path, io::OpenMode::kOpenExisting));
    TICKSCOPE_RETURN_IF_ERROR(file->Truncate(before->whole_bytes));
    if (before->whole_bytes == 0) opening = fmt::format("{}\n", kHeading);
  } else if (before.error().code == ErrorCode::kNotFound) {
    TICKSCOPE_ASSIGN_OR_RETURN(file, fs.OpenAppend(path, io::OpenMode::kCreateNew));
    opening = fmt::format("{}\n", kHeading);
  } else {
    return std::unexpected(std::move(before).error());
  }

  std::unique_ptr<LedgerWriter> writer(new LedgerWriter(std::move(file)));
  {
    const MutexLock lock(writer->mu_);
    writer->noted_ = fmt::format("{}{}{}\n", opening, kRunPrefix, FormatPlan(plan));
  }
  TICKSCOPE_RETURN_IF_ERROR(writer->Flush());
  return writer;
}

void LedgerWriter::Acknowledge(std::uint32_t group, std::uint64_t first_tick, std::uint64_t tick_count) {
  const MutexLock lock(mu_);
  fmt::format_to(std::back_inserter(noted_), "{}{} {} {}\n", kAckPrefix, group, first_tick, tick_count);
}

Status LedgerWriter::Flush() {
  std::string lines;
  {
    const MutexLock lock(mu_);
    lines.swap(noted_);
  }
  if (lines.empty()) return {};
  const ByteView piece = AsBytes(lines);
  return file_->Append({&piece, 1});
}

}  // namespace tickscope::fleet
