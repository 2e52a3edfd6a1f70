#include "promql/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/civil_time.h"
#include "base/duration.h"
#include "promql/printer.h"

namespace tickscope::promql {
namespace {

std::string SpanText(const ReadSpan& span) {
  std::string text(span.source);
  text += fmt::format(" {}..{}", FormatUtcTime(span.start_ms), FormatUtcTime(span.end_ms));
  if (span.files > 0) text += fmt::format(" ({} {})", span.files, span.files == 1 ? "file" : "files");
  return text;
}

std::string CountText(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string SourcesText(const std::vector<ReadSpan>& spans) {
  std::string text;
  for (const ReadSpan& span : spans)
    text += (text.empty() ? "" : ", ") + SpanText(span);
  return text;
}

std::string ReadText(const PlanNode& node) {
  const PlanRead& read = *node.read;
  std::string text = MatchersText(node);
  text += fmt::format(" {} {}", read.function.empty() ? "newest within" : "range",
                      FormatDurationMs(read.range_ms));
  if (read.spans.empty()) {
    text += fmt::format(", samples {}..{}", FormatUtcTime(read.start_ms), FormatUtcTime(read.end_ms));
  } else {
    text += ", from ";
    text += SourcesText(read.spans);
  }
  if (read.estimate) {
    text += fmt::format(", about {}, {}, {} stored", CountText(read.estimate->series, "series", "series"),
                        CountText(read.estimate->samples, "sample", "samples"),
                        CountText(read.estimate->bytes, "byte", "bytes"));
  }
  return text;
}

std::string ActualText(const PlanNode& node) {
  const PlanActual& actual = *node.actual;
  std::string text;
  if (actual.method != node.method) text += fmt::format("ran as: {}, ", PlanMethodText(actual.method));
  if (actual.wall.count() > 0)
    text += fmt::format("{:.3f} ms, ", std::chrono::duration<double, std::milli>(actual.wall).count());
  text += CountText(actual.series, "series", "series");
  if (actual.read) {
    text += fmt::format(", {} read", CountText(actual.read->samples, "sample", "samples"));
    const bool is_as_planned = node.read && std::ranges::equal(node.read->spans, actual.read->spans, {},
                                                               &ReadSpan::source, &ReadSpan::source);
    if (!is_as_planned) text += ", from " + SourcesText(actual.read->spans);
  }
  return text;
}

void AddNode(const PlanNode& node, std::size_t depth, const PlanNode* parent, std::string& out) {
  const std::string indent(2 * depth, ' ');
  out += fmt::format("{}#{} {}", indent, node.id, node.operation);
  if (!node.detail.empty()) out.append(" ").append(node.detail);
  out += ": ";
  out += node.shared_with == 0 ? std::string(PlanMethodText(node.method))
                               : fmt::format("same as #{}", node.shared_with);
  const bool is_as_parent = parent != nullptr && parent->steps == node.steps &&
                            parent->step_ms == node.step_ms && parent->start_ms == node.start_ms;
  if (node.is_once && (parent == nullptr || !parent->is_once)) {
    out += ", once for all steps";
  } else if (!is_as_parent && node.steps != 1) {
    out += fmt::format(", {} steps of {}", node.steps, FormatDurationMs(node.step_ms));
  }
  out += '\n';
  if (node.read) out += fmt::format("{}   reads {}\n", indent, ReadText(node));
  if (node.actual) out += fmt::format("{}   did {}\n", indent, ActualText(node));
  for (const PlanNode& child : node.children)
    AddNode(child, depth + 1, &node, out);
}

void AddToLine(const PlanNode& node, std::size_t bytes_max, std::string& out) {
  if (out.size() > bytes_max) return;
  out += node.detail.empty() ? node.operation : std::string_view(node.detail);
  if (node.shared_with != 0) {
    out += fmt::format("[as #{}]", node.shared_with);
    return;
  }
  if (node.method == PlanMethod::kColumns) out += "[columns]";
  if (node.is_once) out += "[once]";
  if (node.read) {
    std::vector<std::string_view> sources;
    for (const ReadSpan& span : node.read->spans) {
      if (std::ranges::find(sources, span.source) == sources.end()) sources.push_back(span.source);
    }
    if (!sources.empty()) out += fmt::format(" from {}", fmt::join(sources, "+"));
  }
  if (node.children.empty()) return;
  out += '(';
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out += ", ";
    AddToLine(node.children[i], bytes_max, out);
  }
  out += ')';
}

}  // namespace

std::string TiersText(std::span<const ReadSpan> spans) {
  std::map<std::string_view, std::vector<ReadSpan>> by_tier;
  for (ReadSpan span : spans) {
    if (span.source == "memory" || span.source == "disk") span.source = "raw";
    by_tier[span.source].push_back(span);
  }
  std::string text;
  for (auto& [tier, of_tier] : by_tier) {
    std::ranges::sort(of_tier, {}, &ReadSpan::start_ms);
    std::int64_t length_ms = 0;
    for (const ReadSpan& span : JoinSpans(of_tier))
      length_ms += span.end_ms - span.start_ms + 1;
    constexpr std::int64_t kSecondMs = 1000;
    if (length_ms > kSecondMs) length_ms = (length_ms + kSecondMs / 2) / kSecondMs * kSecondMs;
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", tier, FormatDurationMs(length_ms));
  }
  return text;
}

std::string PlanTree(const Plan& plan) {
  std::string out;
  AddNode(plan.root, 0, nullptr, out);
  return out;
}

std::string PlanLine(const PlanNode& root, std::size_t bytes_max) {
  std::string out;
  AddToLine(root, bytes_max, out);
  return Shortened(std::move(out), bytes_max);
}

}  // namespace tickscope::promql
