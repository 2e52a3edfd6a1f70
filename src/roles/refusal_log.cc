#include "roles/refusal_log.h"

#include "base/log.h"

namespace tickscope::roles {

bool RefusalLog::Tell(std::string_view door, std::string_view remote_address, const Error& why) {
  // A client comes from another port each time.
  const std::string client(remote_address.substr(0, remote_address.rfind(':')));
  std::uint64_t left_out = 0;
  {
    const MutexLock lock(mu_);
    if (told_.size() >= kRefusalsKept) told_.clear();
    const std::chrono::nanoseconds now = clock_.Monotonic();
    const auto [told, is_new] = told_.try_emplace({client, why.message}, Told{.at = now});
    if (!is_new && now - told->second.at < kRefusalEvery) {
      ++told->second.left_out;
      return false;
    }
    left_out = std::exchange(told->second, Told{.at = now}).left_out;
  }
  Log(LogLevel::kWarn, "refused",
      {{"door", door}, {"client", client}, {"why", why.message}, {"left_out", left_out}});
  return true;
}

}  // namespace tickscope::roles
