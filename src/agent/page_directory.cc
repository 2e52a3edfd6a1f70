#include "agent/page_directory.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"

namespace tickscope::agent {
namespace {

using sdkpage::PageReader;

constexpr std::string_view kSuffix = ".tspage";
// Of refusals that are new: a process may make thousands of bad files between two reads.
constexpr std::size_t kLoggedPerRead = 8;
constexpr std::size_t kRefusedMax = 1'024;

PageRefusal RefusalOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnsupported:
      return PageRefusal::kVersion;
    case ErrorCode::kCorruption:
      return PageRefusal::kCorrupt;
    case ErrorCode::kOutOfRange:
      return PageRefusal::kTooLarge;
    case ErrorCode::kInvalidArgument:
      return PageRefusal::kNotAFile;
    default:
      return PageRefusal::kUnreadable;
  }
}

std::string StemOf(const sdkpage::PageIdentity& identity) {
  return fmt::format("{}.{}", identity.name, identity.pid);
}

TargetConfig TargetOf(const PagesConfig& pages, std::string_view instance) {
  LabelsBuilder labels;
  labels.Set("job", pages.job_name).Set("instance", instance);
  for (const auto& [name, value] : pages.labels)
    labels.Set(name, value);
  TargetConfig target;
  target.labels = labels.Build();
  target.native_histograms =
      pages.native_histograms ? wire::NativeHistograms::kPrefer : wire::NativeHistograms::kIgnore;
  return target;
}

}  // namespace

PageDirectory::PageDirectory(PagesConfig config, const Labels& external_labels,
                             const io::ProcessTable& processes, const Clock& clock, AgentMetrics& metrics,
                             guard::Guard* guard)
    : config_(std::move(config)),
      external_labels_(external_labels),
      hash_(MixBits(std::hash<std::string>()(config_.directory) ^
                    MixBits(TargetOf(config_, "").labels.Hash()))),
      processes_(processes),
      clock_(clock),
      metrics_(metrics),
      guard_(guard) {
  report_.name = config_.directory;
}

PageDirectory::~PageDirectory() {
  metrics_.pages->Add(-static_cast<double>(pages_.size()));
}

WriteBatchPtr PageDirectory::Read(TimeMs due_ms) {
  const std::chrono::nanoseconds started = clock_.Monotonic();
  const std::size_t pages_before = pages_.size();
  Round round{.time_ms = SampleTimeMs(due_ms, clock_.NowMs()), .batch = std::make_shared<WriteBatch>()};
  round.batch->target_hash = hash_;
  round.batch->samples.reserve(series_count());
  const auto directory = io::OpenForeignDirectory(config_.directory);
  if (directory) round.directory = directory->get();
  // Before the first game server starts there is no directory.
  if (!directory && directory.error().code != ErrorCode::kNotFound)
    Refuse("", RefusalOf(directory.error().code), directory.error().message, round);
  ReadKnown(round);
  TakeUpNew(round);
  report_ = {.name = config_.directory,
             .read_ms = round.time_ms,
             .seconds = std::chrono::duration<double>(clock_.Monotonic() - started).count(),
             .samples = round.batch->samples.size(),
             .error = round.refused.empty() ? "" : "pages were refused; the log and metrics say why"};
  refused_ = std::move(round.refused);
  metrics_.pages->Add(static_cast<double>(pages_.size()) - static_cast<double>(pages_before));
  metrics_.page_read_seconds->Observe(std::chrono::duration<double>(clock_.Monotonic() - started).count());
  if (round.batch->samples.empty()) return nullptr;
  metrics_.scraped_samples->Add(round.batch->samples.size());
  return round.batch;
}

void PageDirectory::ReadKnown(Round& round) {
  for (Page& page : pages_)
    if (!ReadPage(page, round)) EndPage(page, round);
  std::erase_if(pages_, [](const Page& page) { return page.is_over; });
}

bool PageDirectory::ReadPage(Page& page, Round& round) {
  if (page.is_unlinked) return false;
  PageRefusal refusal{};
  if (const Status read = Refresh(page, refusal, round); !read) {
    Refuse(page.name, refusal, read.error().message, round);
    return false;
  }
  bool is_there = false;
  if (round.directory != nullptr) {
    const auto file = round.directory->Identify(page.name);
    is_there = file && *file == page.file;
  }
  return AppendPage(page, is_there, round);
}

Status PageDirectory::Refresh(Page& page, PageRefusal& refusal, Round& round) const {
  if (const Status read = page.reader->Refresh(); !read) {
    refusal = RefusalOf(read.error().code);
    return read;
  }
  metrics_.page_reads->Add();
  std::uint64_t series_of_others = 0;
  std::uint64_t bytes = page.reader->memory_bytes();
  for (const Page& other : pages_) {
    if (&other == &page) continue;
    series_of_others += other.series->size();
    bytes += other.reader->memory_bytes();
  }
  if (bytes > config_.bytes_max) {
    refusal = PageRefusal::kTooLarge;
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("memory_limit exceeded: got {}, want at most {}", bytes, config_.bytes_max));
  }
  const std::uint64_t series = series_of_others + page.series->CountOf(*page.reader);
  if (series > config_.series_max) {
    refusal = PageRefusal::kSeriesLimit;
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("series_limit exceeded: got {}, want at most {}", series, config_.series_max));
  }
  const auto learnt = page.series->Learn(*page.reader);
  if (!learnt) {
    refusal = PageRefusal::kCorrupt;
    return std::unexpected(learnt.error());
  }
  if (*learnt > 0) round.batch->has_new_series = true;
  return {};
}

bool PageDirectory::AppendPage(Page& page, bool is_there, Round& round) {
  const sdkpage::PageIdentity& identity = page.reader->identity();
  const bool runs = processes_.Runs(identity.pid, identity.process_start);
  if (runs) {
    page.ended_fingerprint.reset();
  } else if (is_there) {
    const std::uint64_t fingerprint = page.reader->Fingerprint();
    if (page.ended_fingerprint == fingerprint) {
      Remove(page, round);
      return false;
    }
    if (!page.ended_fingerprint) NoteEnd(page);
    page.ended_fingerprint = fingerprint;
  }
  if (!is_there) {
    page.is_unlinked = true;
    if (!page.ended_fingerprint) NoteEnd(page);
  }
  const std::size_t refused = page.series->Append(
      *page.reader, runs ? PageProcess::kRuns : PageProcess::kEnded, round.time_ms, *round.batch);
  metrics_.CountDropped(DropReason::kGuard, refused);
  return true;
}

void PageDirectory::NoteEnd(const Page& page) {
  const bool in_order = page.reader->state() == sdkpage::PageState::kClosed;
  (in_order ? metrics_.pages_closed : metrics_.pages_crashed)->Add();
  Log(in_order ? LogLevel::kInfo : LogLevel::kWarn, "game server has ended",
      {{"page", page.name}, {"how", in_order ? "closed" : "crashed"}});
}

void PageDirectory::Remove(const Page& page, Round& round) {
  Status removed;
  if (config_.remove_ended) {
    removed = round.directory->Remove(page.name, page.file);
    (removed ? metrics_.pages_removed : metrics_.pages_not_removed)->Add();
    if (removed) return;
    Log(LogLevel::kWarn, "page not removed", {{"page", page.name}, {"error", removed.error().message}});
  }
  done_[page.name] = page.file;
}

void PageDirectory::EndPage(Page& page, Round& round) {
  page.is_over = true;
  page.series->AppendMarkers(round.time_ms, *round.batch);
  round.ended_instances.push_back(page.instance);
}

void PageDirectory::TakeUpNew(Round& round) {
  if (round.directory == nullptr) return;
  const auto names = round.directory->Names(kSuffix);
  if (!names) return Refuse("", PageRefusal::kUnreadable, names.error().message, round);
  std::erase_if(done_, [&](const auto& one) { return !std::ranges::binary_search(*names, one.first); });
  for (const std::string& name : *names) {
    const auto is_known = [&](const Page& page) { return page.name == name && !page.is_unlinked; };
    if (round.refused.contains(name) || std::ranges::any_of(pages_, is_known)) continue;
    if (const auto done = done_.find(name); done != done_.end()) {
      const auto file = round.directory->Identify(name);
      if (file && *file == done->second) continue;
      done_.erase(done);
    }
    if (pages_.size() >= config_.pages_max) {
      Refuse(name, PageRefusal::kPageLimit,
             fmt::format("page_limit reached: want at most {}", config_.pages_max), round);
      continue;
    }
    TakeUp(name, round);
  }
}

void PageDirectory::TakeUp(const std::string& name, Round& round) {
  const auto refuse = [&](PageRefusal reason, std::string_view why) { Refuse(name, reason, why, round); };
  auto file = round.directory->OpenRead(name);
  if (!file && file.error().code == ErrorCode::kNotFound) return;  // Gone since it was listed.
  if (!file) return refuse(RefusalOf(file.error().code), file.error().message);
  Page page{.name = name, .file = file->identity};
  // What Refresh then may allocate before it can be counted: see PageReader::memory_bytes.
  const std::uint64_t bytes_left = config_.bytes_max - std::min(config_.bytes_max, MemoryBytes());
  const sdkpage::PageLimits all;
  auto reader = PageReader::Open(std::move(file->file),
                                 {.cell_bytes_max = std::min(all.cell_bytes_max, bytes_left / 3),
                                  .directory_bytes_max = std::min(all.directory_bytes_max, bytes_left / 8)});
  if (!reader) return refuse(RefusalOf(reader.error().code), reader.error().message);
  page.reader = std::move(*reader);
  const sdkpage::PageIdentity& identity = page.reader->identity();
  if (name != StemOf(identity).append(kSuffix)) {
    return refuse(PageRefusal::kMisnamed,
                  fmt::format("the page of {} pid {} has another's name", identity.name, identity.pid));
  }
  page.instance = config_.instance == PageInstance::kName ? identity.name : StemOf(identity);
  // Its series end in this very read: the next one will do.
  if (std::ranges::find(round.ended_instances, page.instance) != round.ended_instances.end()) return;
  const auto other = std::ranges::find(pages_, page.instance, &Page::instance);
  if (other != pages_.end()) {
    if (other->is_unlinked || other->ended_fingerprint) return;
    return refuse(PageRefusal::kSameName, "another process of that name is read: " + other->name);
  }
  page.series = std::make_unique<PageSeries>(TargetOf(config_, page.instance), external_labels_, guard_);
  PageRefusal refusal{};
  if (const Status read = Refresh(page, refusal, round); !read) return refuse(refusal, read.error().message);
  Log(LogLevel::kInfo, "game server's page found", {{"page", name}, {"series", page.series->size()}});
  if (AppendPage(page, true, round)) pages_.push_back(std::move(page));
}

void PageDirectory::Refuse(const std::string& name, PageRefusal reason, std::string_view why, Round& round) {
  metrics_.pages_refused(reason).Add();
  const auto before = refused_.find(name);
  const bool is_news = before == refused_.end() || before->second != reason;
  if (is_news && round.logged++ < kLoggedPerRead) {
    Log(LogLevel::kWarn, "page refused", {{"directory", config_.directory}, {"page", name}, {"error", why}});
  }
  if (round.refused.size() < kRefusedMax) round.refused.emplace(name, reason);
}

std::uint64_t PageDirectory::MemoryBytes() const {
  std::uint64_t bytes = 0;
  for (const Page& page : pages_)
    bytes += page.reader->memory_bytes();
  return bytes;
}

std::size_t PageDirectory::series_count() const {
  std::size_t count = 0;
  for (const Page& page : pages_)
    count += page.series->size();
  return count;
}

WriteBatchPtr PageDirectory::End() {
  Round round{.time_ms = clock_.NowMs(), .batch = std::make_shared<WriteBatch>()};
  round.batch->target_hash = hash_;
  for (Page& page : pages_)
    EndPage(page, round);
  metrics_.pages->Add(-static_cast<double>(pages_.size()));
  pages_.clear();
  if (round.batch->samples.empty()) return nullptr;
  return round.batch;
}

}  // namespace tickscope::agent
