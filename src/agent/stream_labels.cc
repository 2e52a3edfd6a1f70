#include "agent/stream_labels.h"

#include <string>
#include <utility>
#include <vector>

namespace tickscope::agent {

Labels ReadStreamLabels(config::YamlMap& map) {
  LabelsBuilder labels;
  for (const auto& [name, value] : map.StringMap("labels")) {
    if (!IsClassicLabelName(name) || !IsValidUtf8(value))
      map.Complain("labels", "names must be letters, digits and '_', and values UTF-8");
    labels.Set(name, value);
  }
  return labels.Build();
}

void WriteStreamLabels(const Labels& labels, config::YamlWriter& out) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const LabelView& label : labels)
    pairs.emplace_back(label.name, label.value);
  out.StringMap("labels", pairs);
}

}  // namespace tickscope::agent
