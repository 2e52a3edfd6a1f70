#include "ingest/label_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace tickscope::ingest {
namespace {

// Names are quoted in messages up to this length, and only when they are text.
constexpr std::size_t kQuotedBytesMax = 64;

std::string Quoted(std::string_view name) {
  if (!IsValidUtf8(name)) return "(not UTF-8)";
  // Cutting may split a character; drop the continuation bytes of the one that was split.
  std::string_view head = name.substr(0, kQuotedBytesMax);
  while (!IsValidUtf8(head))
    head.remove_suffix(1);
  return fmt::format("\"{}\"", head);
}

std::unexpected<Error> Refused(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace

Status NormalizeLabels(const LabelLimits& limits, std::vector<LabelView>& labels) {
  for (const LabelView& label : labels) {
    if (label.name.empty()) return Refused("label with an empty name");
    if (!IsValidUtf8(label.name)) return Refused("label name is not valid UTF-8");
    if (!IsValidUtf8(label.value))
      return Refused(fmt::format("value of label {} is not valid UTF-8", Quoted(label.name)));
    if (label.name.size() > limits.name_bytes_max) {
      return Refused(fmt::format("label name {} is too long: got {} bytes, want at most {}",
                                 Quoted(label.name), label.name.size(), limits.name_bytes_max));
    }
    if (label.value.size() > limits.value_bytes_max) {
      return Refused(fmt::format("value of label {} is too long: got {} bytes, want at most {}",
                                 Quoted(label.name), label.value.size(), limits.value_bytes_max));
    }
  }
  const auto by_name = [](const LabelView& a, const LabelView& b) { return a.name < b.name; };
  if (!std::is_sorted(labels.begin(), labels.end(), by_name))
    std::stable_sort(labels.begin(), labels.end(), by_name);
  const auto same_name = [](const LabelView& a, const LabelView& b) { return a.name == b.name; };
  const auto repeated = std::adjacent_find(labels.begin(), labels.end(), same_name);
  if (repeated != labels.end())
    return Refused(fmt::format("duplicate label name {}", Quoted(repeated->name)));
  std::erase_if(labels, [](const LabelView& label) { return label.value.empty(); });
  if (labels.size() > limits.labels_max) {
    return Refused(fmt::format("too many labels: got {}, want at most {}", labels.size(), limits.labels_max));
  }
  const bool has_name = std::any_of(labels.begin(), labels.end(),
                                    [](const LabelView& label) { return label.name == kMetricName; });
  if (!has_name) return Refused("series without a metric name");
  return {};
}

std::optional<FaultyLabel> FindFaultyLabel(const LabelLimits& limits, const std::vector<LabelView>& labels) {
  for (const LabelView& label : labels) {
    if (label.name.empty()) return std::nullopt;
    if (!IsValidUtf8(label.name) || !IsValidUtf8(label.value))
      return FaultyLabel{LabelFault::kBadUtf8, label.name};
    if (label.name.size() > limits.name_bytes_max || label.value.size() > limits.value_bytes_max)
      return FaultyLabel{LabelFault::kTooLong, label.name};
  }
  return std::nullopt;
}

}  // namespace tickscope::ingest
