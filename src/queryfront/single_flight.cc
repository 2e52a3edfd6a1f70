#include "queryfront/single_flight.h"

namespace tickscope::queryfront {
namespace {

// How often one who waits looks whether its client has gone or its time is up.
constexpr std::chrono::milliseconds kLookEvery{50};

}  // namespace

Result<SingleFlight::Joined> SingleFlight::Join(const std::string& key, const QueryContext& context) {
  const MutexLock lock(mu_);
  while (true) {
    const auto [it, is_new] = flights_.try_emplace(key);
    if (is_new) {
      it->second = std::make_shared<Flight>();
      return Joined{Leader(*this, key), std::nullopt};
    }
    const std::shared_ptr<Flight> flight = it->second;
    while (!flight->has_ended) {
      flight->ended.WaitFor(mu_, kLookEvery);
      if (!flight->has_ended) TICKSCOPE_RETURN_IF_ERROR(context.Check());
    }
    if (flight->given) return Joined{Leader(), flight->given};
  }
}

void SingleFlight::End(const std::string& key, std::optional<Given> given) {
  std::shared_ptr<Flight> flight;
  {
    const MutexLock lock(mu_);
    const auto found = flights_.find(key);
    flight = std::move(found->second);
    flights_.erase(found);
    flight->given = std::move(given);
    flight->has_ended = true;
  }
  flight->ended.NotifyAll();
}

}  // namespace tickscope::queryfront
