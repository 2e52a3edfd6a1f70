// Targets of a configuration: what it lists and what was found, with the labels that relabelling sees, relabelled.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "agent/agent_config.h"
#include "base/duration.h"
#include "http/client.h"
#include "http/router.h"

namespace tickscope::agent {
namespace {

constexpr std::string_view kAddress = "__address__";
constexpr std::string_view kScheme = "__scheme__";
constexpr std::string_view kPath = "__metrics_path__";
constexpr std::string_view kInterval = "__scrape_interval__";
constexpr std::string_view kTimeout = "__scrape_timeout__";
constexpr std::string_view kParam = "__param_";
constexpr std::size_t kProblemsMax = 10;

// Parameters as a URL has them: of each name the first value may have been relabelled, and there may be new names.
std::string QueryOf(const ScrapeConfig& scrape, const Labels& labels) {
  std::string query;
  const auto add = [&](std::string_view name, std::string_view value) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", http::PercentEncode(name),
                         http::PercentEncode(value));
  };
  for (const auto& [name, values] : scrape.params) {
    if (const std::string_view first = labels.Get(std::string(kParam) + name); !first.empty())
      add(name, first);
    for (std::size_t i = 1; i < values.size(); ++i)
      add(name, values[i]);
  }
  for (const LabelView& label : labels) {
    if (!label.name.starts_with(kParam)) continue;
    const std::string_view name = label.name.substr(kParam.size());
    if (std::ranges::none_of(scrape.params, [&](const auto& param) { return param.first == name; }))
      add(name, label.value);
  }
  return query;
}

// The target that relabelled labels describe.
Result<TargetConfig> TargetOf(const ScrapeConfig& scrape, const Labels& labels) {
  TargetConfig target = scrape.target;
  const std::string_view scheme = labels.Get(kScheme);
  if (scheme != "http" && scheme != "https")
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: want http or https, got {:?}", kScheme, scheme));
  const std::string_view address = labels.Get(kAddress);
  if (address.empty() || address.find('/') != std::string_view::npos)
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: want host:port, got {:?}", kAddress, address));
  target.url = fmt::format("{}://{}{}{}", scheme, address, labels.Get(kPath), QueryOf(scrape, labels));
  if (const auto url = http::ParseUrl(target.url); !url) return std::unexpected(url.error());
  const auto duration = [&](std::string_view name, std::int64_t& out) -> Status {
    const auto parsed = ParseDurationMs(labels.Get(name));
    if (!parsed || *parsed <= 0)
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: want a duration above 0, got {:?}", name, labels.Get(name)));
    out = *parsed;
    return {};
  };
  TICKSCOPE_RETURN_IF_ERROR(duration(kInterval, target.interval_ms));
  TICKSCOPE_RETURN_IF_ERROR(duration(kTimeout, target.timeout_ms));
  if (target.timeout_ms > target.interval_ms)
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{} is above {}", kTimeout, kInterval));
  LabelsBuilder kept;
  for (const LabelView& label : labels) {
    if (!label.name.starts_with("__")) kept.Set(label.name, label.value);
  }
  if (kept.Get("instance").empty()) kept.Set("instance", address);
  target.labels = kept.Build();
  return target;
}

}  // namespace

std::vector<TargetConfig> AgentConfig::Targets(std::vector<std::string>* problems) const {
  std::vector<TargetConfig> targets;
  const auto add = [&](const ScrapeConfig& scrape, const discovery::TargetGroup& group,
                       const std::string& address) {
    LabelsBuilder labels;
    labels.Set("job", scrape.job_name)
        .Set(kAddress, address)
        .Set(kScheme, scrape.target.access.is_secure ? "https" : "http")
        .Set(kPath, scrape.metrics_path)
        .Set(kInterval, FormatDurationMs(scrape.target.interval_ms))
        .Set(kTimeout, FormatDurationMs(scrape.target.timeout_ms));
    for (const auto& [name, values] : scrape.params) {
      if (!values.empty()) labels.Set(std::string(kParam) + name, values.front());
    }
    for (const auto& [name, value] : host_labels)
      labels.Set(name, value);
    for (const auto& [name, value] : group.labels)
      labels.Set(name, value);
    if (!scrape.target_rules.Apply(labels)) return;
    auto target = TargetOf(scrape, labels.Build());
    if (target) {
      targets.push_back(*std::move(target));
    } else if (problems != nullptr && problems->size() < kProblemsMax) {
      problems->push_back(
          fmt::format("job {}, target {:?}: {}", scrape.job_name, address, target.error().message));
    }
  };
  for (const ScrapeConfig& scrape : scrape_configs) {
    for (const auto* const groups : {&scrape.static_configs, &scrape.discovered}) {
      for (const discovery::TargetGroup& group : *groups) {
        for (const std::string& address : group.targets)
          add(scrape, group, address);
      }
    }
  }
  return targets;
}

}  // namespace tickscope::agent
