#include "tier/retention.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace tickscope::tier {

std::size_t RetentionPolicy::ClassOf(const Labels& labels) const {
  const auto found = std::ranges::find_if(
      rules, [&](const RetentionRule& rule) { return MatchesAll(rule.matchers, labels); });
  return static_cast<std::size_t>(found - rules.begin());
}

std::string RetentionPolicy::ClassKey(std::size_t index) const {
  if (index >= rules.size()) return {};
  const std::string& selector = rules[index].selector;
  return fmt::format("k{:08x}", XXH32(selector.data(), selector.size(), 0));
}

std::int64_t RetentionPolicy::KeepOfFile(Tier tier, const BlockName& name) const {
  const auto of_tier = static_cast<std::size_t>(tier);
  const std::string_view key = name.class_key();
  if (key.empty() && name.level() > Level::kStored) return keep_ms[of_tier];
  std::int64_t longest = keep_ms[of_tier];
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!key.empty() && key == ClassKey(i)) return rules[i].keep_ms[of_tier];
    longest = std::max(longest, rules[i].keep_ms[of_tier]);
  }
  return longest;
}

const RetentionPolicy& RetentionOptions::For(const TenantId& tenant) const {
  const auto found = tenants.find(tenant);
  return found == tenants.end() ? policy : found->second;
}

std::vector<std::string> Expired(Tier tier, std::span<const ListedBlock> live, const RetentionPolicy& policy,
                                 TimeMs now_ms) {
  std::vector<std::string> files;
  for (const ListedBlock& block : live) {
    if (block.name.until_ms + policy.KeepOfFile(tier, block.name) <= now_ms) files.push_back(block.file);
  }
  return files;
}

}  // namespace tickscope::tier
