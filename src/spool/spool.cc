#include "spool/spool.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace tickscope::spool {
namespace {

Status Check(const SpoolOptions& options) {
  std::uint64_t shares = 0;
  for (const SpoolClass& each : options.classes) {
    if (each.share_bytes < 2 * options.segment_bytes) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("spool class {}: a share of {} bytes has no room for two segments of {}",
                              each.name, each.share_bytes, options.segment_bytes));
    }
    shares += each.share_bytes;
  }
  if (shares > options.bytes_max) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("spool: shares of {} bytes together, of a budget of {}", shares, options.bytes_max));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::Open(io::FileSystem& fs, Random& random, MetricRegistry& metrics,
                                           SpoolOptions options) {
  TICKSCOPE_RETURN_IF_ERROR(Check(options));
  auto spool = std::unique_ptr<Spool>(new Spool(std::move(options)));
  const SpoolOptions& made = spool->options_;
  TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(made.directory));
  TICKSCOPE_ASSIGN_OR_RETURN(spool->lock_, fs.LockDirectory(made.directory));
  {
    const MutexLock lock(spool->mu_);
    TICKSCOPE_RETURN_IF_ERROR(spool->OpenParts(fs, random, metrics));
  }
  if (made.shared != nullptr) TICKSCOPE_RETURN_IF_ERROR(made.shared->Join(*spool, made.directory));
  return spool;
}

Status Spool::OpenParts(io::FileSystem& fs, Random& random, MetricRegistry& metrics) {
  const SpoolOptions& made = options_;
  for (const SpoolClass& each : made.classes) {
    Part part{.options = each};
    TICKSCOPE_ASSIGN_OR_RETURN(part.queue, SpoolQueue::Open(fs, random,
                                                            {.directory = made.directory + "/" + each.name,
                                                             .segment_bytes = made.segment_bytes,
                                                             .newest_first = each.newest_first}));
    MetricLabels labels = made.labels;
    labels.emplace_back("class", each.name);
    part.bytes = metrics.AddGauge("tickscope_spool_bytes", "Bytes of spool files on disk.", labels);
    part.waiting_bytes =
        metrics.AddGauge("tickscope_spool_waiting_bytes", "Bytes of records that were not sent yet.", labels);
    part.damages = metrics.AddGauge("tickscope_spool_damages",
                                    "Stretches of spool files, since start, that were no records.", labels);
    part.records =
        metrics.AddCounter("tickscope_spool_records_total", "Records that went into the spool.", labels);
    const auto lost = [&](const char* reason) {
      MetricLabels of_reason = labels;
      of_reason.emplace_back("reason", reason);
      return metrics.AddCounter("tickscope_spool_lost_items_total",
                                "Samples and lines that left the spool without being delivered.",
                                std::move(of_reason));
    };
    part.lost_to_budget = lost("budget");
    part.lost_to_full_disk = lost("disk_full");
    part.gave_way = lost("gave_way");
    parts_.push_back(std::move(part));
    Show(parts_.back());
  }
  return {};
}

Spool::~Spool() {
  if (options_.shared != nullptr) options_.shared->Leave(*this);
}

Status Spool::Append(std::size_t of_class, ByteView payload, std::uint32_t items, TimeMs made_ms) {
  const SpoolClass& to = options_.classes[of_class];
  if (RecordBytes(payload.size()) > to.share_bytes / 2) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("spool record of {} bytes; class {} takes at most {}", payload.size(), to.name,
                            to.share_bytes / 2));
  }
  // A segment is reserved whole.
  const std::uint64_t need = std::max(RecordBytes(payload.size()), options_.segment_bytes);
  while (disk_bytes() + need > options_.bytes_max) {
    if (!MakeRoom(of_class, need, Shortage::kBudget)) break;
  }
  while (options_.shared != nullptr && !options_.shared->Fits(BytesToAppend(of_class, payload.size()))) {
    if (!MakeRoom(of_class, need, Shortage::kSharedBudget))
      return Fail(ErrorCode::kResourceExhausted, "the budget of all spools together is used up");
  }
  Status appended = Put(of_class, payload, items, made_ms);
  while (!appended && appended.error().code == ErrorCode::kResourceExhausted &&
         MakeRoom(of_class, need, Shortage::kDisk))
    appended = Put(of_class, payload, items, made_ms);
  return appended;
}

Status Spool::Put(std::size_t of_class, ByteView payload, std::uint32_t items, TimeMs made_ms) {
  const MutexLock lock(mu_);
  Part& part = parts_[of_class];
  Status appended = part.queue->Append(payload, items, made_ms);
  if (appended) part.records->Add();
  Show(part);
  return appended;
}

std::uint64_t Spool::BytesToAppend(std::size_t of_class, std::size_t payload_bytes) const {
  const MutexLock lock(mu_);
  return parts_[of_class].queue->BytesToAppend(payload_bytes);
}

bool Spool::MakeRoom(std::size_t of_class, std::uint64_t need, Shortage shortage) {
  if (options_.shared != nullptr && shortage != Shortage::kBudget) {
    const auto where =
        shortage == Shortage::kDisk ? SharedDisk::Where::kSameDisk : SharedDisk::Where::kAnywhere;
    if (options_.shared->MakeRoom(*this, worth(of_class), class_bytes(of_class), where)) return true;
  }
  return MakeOwnRoom(of_class, need, shortage);
}

bool Spool::MakeOwnRoom(std::size_t of_class, std::uint64_t need, Shortage shortage) {
  const MutexLock lock(mu_);
  const auto let_go = [&](Part& part) TICKSCOPE_REQUIRES(mu_) {
    return LetGo(part, shortage == Shortage::kDisk ? *part.lost_to_full_disk : *part.lost_to_budget);
  };
  for (std::size_t i = parts_.size(); i-- > 0;) {
    const std::uint64_t used = parts_[i].queue->disk_bytes() + (i == of_class ? need : 0);
    if (used > parts_[i].options.share_bytes && let_go(parts_[i])) return true;
  }
  // There is less than this spool's budget: shares hold among classes that are worth more than this one.
  for (std::size_t i = parts_.size(); shortage != Shortage::kBudget && i-- > of_class;) {
    if (let_go(parts_[i])) return true;
  }
  return false;
}

bool Spool::GiveWay(std::size_t of_class) {
  const MutexLock lock(mu_);
  return LetGo(parts_[of_class], *parts_[of_class].gave_way);
}

bool Spool::LetGo(Part& part, Counter& counter) {
  const std::optional<Lost> lost = part.queue->DropOldest();
  if (!lost) return false;
  counter.Add(lost->items);
  Show(part);
  return true;
}

Status Spool::Commit() {
  const MutexLock lock(mu_);
  Status status;
  for (Part& part : parts_) {
    const Status committed = part.queue->Commit();
    if (status && !committed) status = committed;
    Show(part);
  }
  return status;
}

Result<std::optional<Spool::Taken>> Spool::Next() {
  const MutexLock lock(mu_);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::optional<SpoolRecord> record, parts_[i].queue->Next());
    if (record) return Taken{i, *std::move(record)};
    // Damage at its end was passed over.
    Show(parts_[i]);
  }
  return std::optional<Taken>();
}

void Spool::Done(const Taken& taken) {
  const MutexLock lock(mu_);
  parts_[taken.of_class].queue->Done(taken.record);
  Show(parts_[taken.of_class]);
}

Status Spool::VisitNewest(const std::function<void(ByteView)>& visit) const {
  const MutexLock lock(mu_);
  for (const Part& part : parts_)
    TICKSCOPE_RETURN_IF_ERROR(part.queue->VisitNewest(visit));
  return {};
}

void Spool::Show(Part& part) {
  part.bytes->Set(static_cast<double>(part.queue->disk_bytes()));
  part.waiting_bytes->Set(static_cast<double>(part.queue->waiting_bytes()));
  part.damages->Set(static_cast<double>(part.queue->damages()));
  std::uint64_t bytes = 0;
  for (const Part& each : parts_)
    bytes += each.queue->disk_bytes();
  disk_bytes_ = bytes;
}

std::uint64_t Spool::waiting_bytes() const {
  const MutexLock lock(mu_);
  std::uint64_t bytes = 0;
  for (const Part& part : parts_)
    bytes += part.queue->waiting_bytes();
  return bytes;
}

std::uint64_t Spool::class_bytes(std::size_t of_class) const {
  const MutexLock lock(mu_);
  return parts_[of_class].queue->disk_bytes();
}

std::uint64_t Spool::epoch(std::size_t of_class) const {
  const MutexLock lock(mu_);
  return parts_[of_class].queue->epoch();
}

std::uint64_t Spool::next_number(std::size_t of_class) const {
  const MutexLock lock(mu_);
  return parts_[of_class].queue->next_number();
}

Result<std::uint64_t> Spool::LastNumber(std::size_t of_class, std::uint64_t epoch) const {
  const MutexLock lock(mu_);
  return parts_[of_class].queue->LastNumber(epoch);
}

}  // namespace tickscope::spool
