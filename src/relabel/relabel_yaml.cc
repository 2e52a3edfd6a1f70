#include "relabel/relabel_yaml.h"

#include <limits>
#include <utility>
#include <vector>

namespace tickscope::relabel {

Relabeler ReadRelabeler(config::YamlMap& map, std::string_view key) {
  std::vector<RelabelRule> rules;
  bool is_right = true;
  for (config::YamlMap item : map.Maps(key)) {
    RelabelRule rule;
    rule.source_labels = item.Strings("source_labels");
    rule.separator = item.String("separator", rule.separator);
    rule.regex = item.String("regex", rule.regex);
    rule.modulus = static_cast<std::uint64_t>(
        item.Int("modulus", 0, {.min = 0, .max = std::numeric_limits<std::int64_t>::max()}));
    rule.target_label = item.String("target_label", "");
    rule.replacement = item.String("replacement", rule.replacement);
    rule.action = static_cast<Action>(
        item.OneOf("action", 0, std::vector<std::string_view>(kActionNames.begin(), kActionNames.end())));
    if (const Status right = CheckRule(rule); !right) {
      item.Complain("action", right.error().message);
      is_right = false;
    }
    rules.push_back(std::move(rule));
  }
  if (!is_right) return {};
  auto relabeler = Relabeler::Make(std::move(rules));
  return relabeler ? *std::move(relabeler) : Relabeler();
}

void WriteRelabeler(std::string_view key, const Relabeler& relabeler, config::YamlWriter& out) {
  out.BeginList(key);
  for (const RelabelRule& rule : relabeler.rules()) {
    out.BeginItem();
    const bool by_name = rule.action == Action::kLabelDrop || rule.action == Action::kLabelKeep;
    const bool by_value = rule.action == Action::kKeepEqual || rule.action == Action::kDropEqual;
    if (!rule.source_labels.empty()) out.Strings("source_labels", rule.source_labels);
    if (!by_name && !by_value) out.String("separator", rule.separator);
    if (!by_value) out.String("regex", rule.regex);
    if (rule.modulus != 0) out.Int("modulus", static_cast<std::int64_t>(rule.modulus));
    if (!rule.target_label.empty()) out.String("target_label", rule.target_label);
    if (!by_name && !by_value) out.String("replacement", rule.replacement);
    out.String("action", kActionNames[static_cast<std::size_t>(rule.action)]);
    out.EndItem();
  }
  out.EndList();
}

}  // namespace tickscope::relabel
