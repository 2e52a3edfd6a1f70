#include "statsd/statsd_names.h"

namespace tickscope::statsd {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::string Plain(std::string_view text) {
  std::string plain;
  if (!text.empty() && IsDigit(text.front())) plain.push_back('_');
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_';
    plain += is_plain ? c : '_';
  }
  return plain;
}

}  // namespace

std::optional<std::string> MetricNameOf(std::string_view name, StatsdType type) {
  if (name.empty() || name.size() > kNameBytesMax) return std::nullopt;
  std::string metric = Plain(name);
  const std::string_view suffix = type == StatsdType::kCounter ? "_total"
                                  : type == StatsdType::kTimer ? "_seconds"
                                                               : "";
  if (!metric.ends_with(suffix)) metric.append(suffix);
  return metric;
}

std::optional<Labels> LabelsOf(std::string_view metric_name, std::string_view tags) {
  LabelsBuilder labels;
  labels.Set(kMetricName, metric_name);
  std::size_t count = 0;
  while (!tags.empty()) {
    const std::size_t comma = tags.find(',');
    const std::string_view tag = tags.substr(0, comma);
    tags.remove_prefix(comma == std::string_view::npos ? tags.size() : comma + 1);
    if (tag.empty()) continue;
    if (++count > kTagsMax) return std::nullopt;
    const std::size_t colon = tag.find(':');
    const std::string_view key = tag.substr(0, colon);
    const std::string_view value = colon == std::string_view::npos ? "true" : tag.substr(colon + 1);
    if (key.empty() || key.size() > kNameBytesMax || value.size() > kTagValueBytesMax || !IsValidUtf8(value))
      return std::nullopt;
    std::string name = Plain(key);
    if (name.starts_with("__") || name == "le" || name == "quantile") name = std::string("tag_").append(name);
    // A label without a value is none.
    if (!value.empty()) labels.Set(name, value);
  }
  return labels.Build();
}

}  // namespace tickscope::statsd
