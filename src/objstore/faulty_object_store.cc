#include "objstore/faulty_object_store.h"

#include <algorithm>
#include <utility>

namespace tickscope::objstore {

FaultyObjectStore::FaultyObjectStore(ObjectStore& below, const FaultProfile& profile, std::uint64_t seed,
                                     io::Pause& pause)
    : below_(below), pause_(pause), random_(seed), profile_(profile) {}

FaultyObjectStore::Fate FaultyObjectStore::Draw() {
  std::chrono::milliseconds slow{0};
  Fate fate;
  {
    const MutexLock lock(mu_);
    const auto strikes = [&](double probability)
                             TICKSCOPE_REQUIRES(mu_) { return random_.Unit() < probability; };
    fate.fails_before = strikes(profile_.fails_before);
    fate.fails_after = !fate.fails_before && strikes(profile_.fails_after);
    fate.gives_part = strikes(profile_.gives_part);
    if (strikes(profile_.lists_old)) fate.age = random_.Below(profile_.history_max) + 1;
    if (strikes(profile_.is_slow)) {
      slow =
          std::chrono::milliseconds(random_.Below(static_cast<std::uint64_t>(profile_.slow_max.count()) + 1));
    }
    fate.draw = random_.Next();
    if (fate.fails_before || fate.fails_after || slow.count() > 0) ++fault_count_;
  }
  // A slow call that is told to stop ends like any other: the answer does not matter any more.
  if (slow.count() > 0) static_cast<void>(pause_.For(slow));
  return fate;
}

void FaultyObjectStore::Remember() {
  auto listed = below_.List("");
  const MutexLock lock(mu_);
  if (listed) history_.push_front(*std::move(listed));
  while (history_.size() > profile_.history_max)
    history_.pop_back();
}

template <typename Call>
auto FaultyObjectStore::Suffer(const Fate& fate, Call call) -> decltype(call()) {
  if (fate.fails_before) return Fail(ErrorCode::kUnavailable, "injected fault: before the call");
  auto result = call();
  if (fate.fails_after && fate.draw % 2 == 0)
    return Fail(ErrorCode::kDeadlineExceeded, "injected fault: no answer");
  if (fate.fails_after) return Fail(ErrorCode::kUnavailable, "injected fault: after the call");
  return result;
}

Status FaultyObjectStore::Put(const std::string& name, std::string_view content) {
  return Suffer(Draw(), [&] {
    Remember();
    return below_.Put(name, content);
  });
}

Status FaultyObjectStore::PutFile(const std::string& name, io::FileSystem& files, const std::string& path) {
  return Suffer(Draw(), [&] {
    Remember();
    return below_.PutFile(name, files, path);
  });
}

Result<std::string> FaultyObjectStore::Get(const std::string& name, std::uint64_t offset,
                                           std::size_t length) {
  const Fate fate = Draw();
  Result<std::string> got = Suffer(fate, [&] { return below_.Get(name, offset, length); });
  if (got && fate.gives_part && !got->empty()) {
    got->resize(fate.draw % got->size());
    const MutexLock lock(mu_);
    ++fault_count_;
  }
  return got;
}

Result<std::uint64_t> FaultyObjectStore::Size(const std::string& name) {
  return Suffer(Draw(), [&] { return below_.Size(name); });
}

Result<std::vector<ObjectInfo>> FaultyObjectStore::List(const std::string& prefix) {
  const Fate fate = Draw();
  return Suffer(fate, [&]() -> Result<std::vector<ObjectInfo>> {
    TICKSCOPE_ASSIGN_OR_RETURN(std::vector<ObjectInfo> now, below_.List(prefix));
    const MutexLock lock(mu_);
    if (fate.age == 0 || history_.empty()) return now;
    ++fault_count_;
    std::vector<ObjectInfo> old = history_[std::min<std::size_t>(fate.age, history_.size()) - 1];
    std::erase_if(old, [&](const ObjectInfo& object) { return !object.name.starts_with(prefix); });
    return old;
  });
}

Status FaultyObjectStore::Delete(const std::string& name) {
  return Suffer(Draw(), [&] {
    Remember();
    return below_.Delete(name);
  });
}

void FaultyObjectStore::SetProfile(const FaultProfile& profile) {
  const MutexLock lock(mu_);
  profile_ = profile;
}

std::uint64_t FaultyObjectStore::fault_count() const {
  const MutexLock lock(mu_);
  return fault_count_;
}

}  // namespace tickscope::objstore
