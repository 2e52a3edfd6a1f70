#include "spool/shared_disk.h"

#include <algorithm>
#include <tuple>

#include "spool/spool.h"

namespace tickscope::spool {

Status SharedDisk::Join(Spool& spool, const std::string& directory) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t disk, disk_of_(directory));
  const MutexLock lock(mu_);
  members_.push_back({&spool, disk});
  return {};
}

void SharedDisk::Leave(const Spool& spool) {
  const MutexLock lock(mu_);
  std::erase_if(members_, [&](const Member& member) { return member.spool == &spool; });
}

std::uint64_t SharedDisk::disk_bytes() const {
  const MutexLock lock(mu_);
  std::uint64_t bytes = 0;
  for (const Member& member : members_)
    bytes += member.spool->disk_bytes();
  return bytes;
}

bool SharedDisk::Fits(std::uint64_t need) const {
  const std::uint64_t bytes_max = bytes_max_;
  return bytes_max == 0 || disk_bytes() + need <= bytes_max;
}

bool SharedDisk::MakeRoom(const Spool& asker, Worth worth, std::uint64_t bytes, Where where) {
  struct Candidate {
    Spool* spool = nullptr;
    std::size_t of_class = 0;
    Worth worth = Worth::kMetrics;
    std::uint64_t bytes = 0;
  };
  const MutexLock lock(mu_);
  const auto self = std::ranges::find(members_, &asker, [](const Member& member) { return member.spool; });
  if (self == members_.end()) return false;
  std::vector<Candidate> candidates;
  for (const Member& member : members_) {
    if (member.spool == &asker || (where == Where::kSameDisk && member.disk != self->disk)) continue;
    for (std::size_t i = 0; i < member.spool->class_count(); ++i) {
      const Candidate candidate{member.spool, i, member.spool->worth(i), member.spool->class_bytes(i)};
      if (candidate.worth > worth || (candidate.worth == worth && candidate.bytes > bytes))
        candidates.push_back(candidate);
    }
  }
  std::ranges::sort(candidates, std::ranges::greater(),
                    [](const Candidate& each) { return std::tuple(each.worth, each.bytes); });
  return std::ranges::any_of(candidates,
                             [](const Candidate& each) { return each.spool->GiveWay(each.of_class); });
}

}  // namespace tickscope::spool
