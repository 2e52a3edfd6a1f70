#include "cost/price_table.h"

#include "config/yaml_reader.h"

namespace tickscope::cost {

std::string PriceTable::OwnerOf(std::string_view metric) const {
  const std::pair<std::string, std::string>* best = nullptr;
  for (const auto& entry : owners) {
    if (!metric.starts_with(entry.first)) continue;
    if (best == nullptr || best->first.size() < entry.first.size()) best = &entry;
  }
  return best == nullptr ? "unknown" : best->second;
}

std::optional<TierPrice> PriceTable::PriceOf(const std::string& tier) const {
  const auto found = tiers.find(tier);
  if (found == tiers.end()) return std::nullopt;
  return found->second;
}

Result<PriceTable> ReadPriceTable(std::string_view yaml, const std::string& file) {
  constexpr double kPriceMax = 1e9;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto document, config::YamlDocument::Parse(yaml, file));
  config::YamlMap root = document->root();
  PriceTable table;
  table.currency = root.String("currency", table.currency);
  table.owner_label = root.String("owner_label", table.owner_label);
  table.owners = root.StringMap("owners");
  config::YamlMap tiers = root.Map("tiers");
  for (const std::string& name : tiers.Keys()) {
    config::YamlMap tier = tiers.Map(name);
    TierPrice& price = table.tiers[name];
    price.per_gb_month = tier.Double("per_gb_month", 0, {0, kPriceMax});
    price.per_1000_writes = tier.Double("per_1000_writes", 0, {0, kPriceMax});
  }
  TICKSCOPE_RETURN_IF_ERROR(document->Finish());
  return table;
}

}  // namespace tickscope::cost
