#include "control/inventory.h"

namespace tickscope::control {

Inventory::Inventory(MetricRegistry& metrics, std::size_t agents_max)
    : agents_max_(agents_max),
      count_(metrics.AddGauge("tickscope_fleet_agents", "Agents that the inventory knows.", {})) {}

void Inventory::Note(SeenAgent agent) {
  const MutexLock lock(mu_);
  auto [found, is_new] = agents_.try_emplace({agent.tenant, agent.sender});
  if (is_new) {
    uses_.push_front(found->first);
    found->second.use = uses_.begin();
  } else {
    uses_.splice(uses_.begin(), uses_, found->second.use);
  }
  found->second.agent = std::move(agent);
  if (agents_.size() > agents_max_) {
    agents_.erase(uses_.back());
    uses_.pop_back();
  }
  count_->Set(static_cast<double>(agents_.size()));
}

Inventory::Page Inventory::List(const TenantId& tenant, const std::string& after, std::size_t most) const {
  const std::size_t slash = after.find('/');
  const Key from = slash == std::string::npos ? Key{} : Key{after.substr(0, slash), after.substr(slash + 1)};
  Page page;
  const MutexLock lock(mu_);
  for (const auto& [key, entry] : agents_) {
    if (!tenant.empty() && key.first != tenant) continue;
    ++page.total;
    if (slash != std::string::npos && key <= from) continue;
    if (page.agents.size() < most) {
      page.agents.push_back(entry.agent);
    } else if (page.next_after.empty()) {
      page.next_after = page.agents.back().tenant + "/" + page.agents.back().sender;
    }
  }
  return page;
}

}  // namespace tickscope::control
