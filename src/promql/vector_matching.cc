#include "promql/vector_matching.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "promql/annotations.h"
#include "promql/query_run.h"

namespace tickscope::promql {
namespace {

bool IsMatchingLabel(std::string_view name, const std::vector<std::string>& sorted_labels, bool on) {
  if (std::binary_search(sorted_labels.begin(), sorted_labels.end(), name)) return on;
  return !on && !IsMetricIdentityLabel(name);
}

std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<std::vector<MatchGroup>> MatchRows(const QueryRun& run, const StepMatrix& left,
                                          const StepMatrix& right, const VectorMatching& matching) {
  Pace pace(run);
  const std::vector<std::string> labels = Sorted(matching.labels);
  std::vector<MatchGroup> groups;
  std::unordered_map<std::string, std::size_t> group_of;
  std::string key;
  const auto group_for = [&](const Labels& series) -> MatchGroup& {
    key.clear();
    for (const LabelView& label : series) {
      if (!IsMatchingLabel(label.name, labels, matching.on)) continue;
      key += label.name;
      key += '\xff';  // Never part of valid UTF-8, so names and values cannot run into each other.
      key += label.value;
      key += '\xff';
    }
    const auto [it, added] = group_of.try_emplace(key, groups.size());
    if (added) groups.emplace_back();
    return groups[it->second];
  };
  for (std::size_t row = 0; row < left.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(0));
    group_for(left.head(row).labels).left.push_back(row);
  }
  for (std::size_t row = 0; row < right.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(0));
    group_for(right.head(row).labels).right.push_back(row);
  }
  return groups;
}

Labels MatchingLabels(const Labels& labels, const VectorMatching& matching) {
  const std::vector<std::string> names = Sorted(matching.labels);
  std::vector<LabelView> kept;
  for (const LabelView& label : labels) {
    if (IsMatchingLabel(label.name, names, matching.on)) kept.push_back(label);
  }
  return Labels::FromSorted(kept);
}

Labels ResultLabels(const Labels& many, const Labels& one, const VectorMatching& matching, bool keep_name) {
  const Labels named = keep_name ? many : WithoutMetricIdentity(many);
  if (matching.card == MatchCardinality::kOneToOne) {
    if (matching.on) return MatchingLabels(named, matching);
    LabelsBuilder builder(named);
    for (const std::string& name : matching.labels)
      builder.Delete(name);
    return builder.Build();
  }
  LabelsBuilder builder(named);
  for (const std::string& name : matching.include)
    builder.Set(name, one.Get(name));
  return builder.Build();
}

std::string LabelSetText(const Labels& labels) {
  std::string out = "{";
  for (const LabelView& label : labels) {
    if (out.size() > 1) out += ", ";
    out += IsClassicLabelName(label.name) ? std::string(label.name) : Quoted(label.name);
    out += '=';
    out += Quoted(label.value);
  }
  return out + '}';
}

}  // namespace tickscope::promql
