// TargetLabels: how the labels a target exposes become those of the series that is sent.
//
//   scraped   up{instance="self", code="200"}
//   target    instance="10.0.0.1:9100", job="node"
//   rules     {regex: code, action: labeldrop}             external   region="eu"
//   sent      up{exported_instance="self", instance="10.0.0.1:9100", job="node", region="eu"}
//
// Source    Prometheus configuration, honor_labels and external_labels.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/agent_config.h"
#include "base/error.h"
#include "model/labels.h"

namespace tickscope::agent {

/// Scraped labels with the target's added, relabelled, and then the external ones added; nothing when rules drop the series.
/// Where scraped and target's both have a name, the scraped label moves to "exported_" and its name (prefixed until the name is
/// free), or with honor_labels stays; external labels never replace anything.
[[nodiscard]] std::optional<Labels> ApplyTargetLabels(const Labels& scraped, const TargetConfig& target,
                                                      const Labels& external);

/// Labels of a series about the scrape itself: no rules apply to it.
[[nodiscard]] Labels ReportLabels(std::string_view name, const TargetConfig& target, const Labels& external);

/// Errors: kOutOfRange naming the limit of the target that the labels exceed; kInvalidArgument without a
/// metric name.
[[nodiscard]] Status CheckLabelLimits(const Labels& labels, const TargetConfig& target);

/// A target that is not scraped: nothing but job, instance and further labels, which hold over those.
[[nodiscard]] TargetConfig LabelledTarget(std::string_view job, std::string_view instance,
                                          const std::vector<std::pair<std::string, std::string>>& labels);

}  // namespace tickscope::agent
