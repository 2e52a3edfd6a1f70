#include "agent/target_labels.h"

#include <string>

#include <fmt/format.h>

namespace tickscope::agent {

namespace {

void AddTargetLabels(const Labels& scraped, const TargetConfig& target, LabelsBuilder& out) {
  for (const LabelView& label : target.labels) {
    const std::string_view own = scraped.Get(label.name);
    if (!own.empty() && target.honor_labels) continue;
    if (!own.empty()) {
      std::string name = "exported_" + std::string(label.name);
      while (scraped.Has(name) || target.labels.Has(name))
        name.insert(0, "exported_");
      out.Set(name, own);
    }
    out.Set(label.name, label.value);
  }
}

Labels WithExternal(LabelsBuilder& out, const Labels& external) {
  for (const LabelView& label : external) {
    if (out.Get(label.name).empty()) out.Set(label.name, label.value);
  }
  return out.Build();
}

}  // namespace

std::optional<Labels> ApplyTargetLabels(const Labels& scraped, const TargetConfig& target,
                                        const Labels& external) {
  LabelsBuilder out(scraped);
  AddTargetLabels(scraped, target, out);
  if (!target.metric_rules.Apply(out)) return std::nullopt;
  return WithExternal(out, external);
}

Labels ReportLabels(std::string_view name, const TargetConfig& target, const Labels& external) {
  const Labels own{{kMetricName, name}};
  LabelsBuilder out(own);
  AddTargetLabels(own, target, out);
  return WithExternal(out, external);
}

Status CheckLabelLimits(const Labels& labels, const TargetConfig& target) {
  const auto fail = [&](std::string_view limit, std::size_t got, std::size_t max) {
    return Fail(ErrorCode::kOutOfRange, fmt::format("{} exceeded: got {}, want at most {}, series {:.200}",
                                                    limit, got, max, labels.ToString()));
  };
  if (labels.metric_name().empty()) return Fail(ErrorCode::kInvalidArgument, "series without a metric name");
  if (labels.size() > target.labels_max) return fail("label_limit", labels.size(), target.labels_max);
  for (const LabelView& label : labels) {
    if (label.name.size() > target.label_name_bytes_max) {
      return fail("label_name_length_limit", label.name.size(), target.label_name_bytes_max);
    }
    if (label.value.size() > target.label_value_bytes_max) {
      return fail("label_value_length_limit", label.value.size(), target.label_value_bytes_max);
    }
  }
  return {};
}

TargetConfig LabelledTarget(std::string_view job, std::string_view instance,
                            const std::vector<std::pair<std::string, std::string>>& labels) {
  LabelsBuilder all;
  all.Set("job", job).Set("instance", instance);
  for (const auto& [name, value] : labels)
    all.Set(name, value);
  TargetConfig target;
  target.labels = all.Build();
  return target;
}

}  // namespace tickscope::agent
