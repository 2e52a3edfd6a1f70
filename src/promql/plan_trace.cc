#include "promql/plan_trace.h"

#include <algorithm>
#include <array>

namespace tickscope::promql {

std::string_view PlanMethodText(PlanMethod method) {
  constexpr std::array<std::string_view, 5> kTexts = {"series by series", "columns",
                                                      "within the columns above", "shared", "constant"};
  return kTexts[static_cast<std::size_t>(method)];
}

void PlanTrace::Ran(const Expr& expr, std::chrono::nanoseconds began, std::uint64_t series) {
  Node& node = nodes_[&expr];
  node.wall += Now() - began;
  ++node.calls;
  node.series = std::max(node.series, series);
}

void PlanTrace::Read(const VectorSelector& selector, const ReadRecord& record) {
  ReadRecord& sum = reads_[&selector];
  sum.series += record.series;
  sum.samples += record.samples;
  AddSpans(record.spans, sum.spans);
}

const PlanTrace::Node* PlanTrace::Find(const Expr& expr) const {
  const auto found = nodes_.find(&expr);
  return found == nodes_.end() ? nullptr : &found->second;
}

const ReadRecord* PlanTrace::FindRead(const VectorSelector& selector) const {
  const auto found = reads_.find(&selector);
  return found == reads_.end() ? nullptr : &found->second;
}

void AddSpans(std::span<const ReadSpan> more, std::vector<ReadSpan>& to) {
  for (const ReadSpan& span : more) {
    const std::int64_t gap_ms = std::max<std::int64_t>(span.resolution_ms, 1);
    const auto same = std::ranges::find_if(to, [&](const ReadSpan& known) {
      return known.source == span.source && span.start_ms <= known.end_ms + gap_ms &&
             known.start_ms <= span.end_ms + gap_ms;
    });
    if (same != to.end()) {
      same->start_ms = std::min(same->start_ms, span.start_ms);
      same->end_ms = std::max(same->end_ms, span.end_ms);
      same->files = std::max(same->files, span.files);
    } else if (to.size() < kReadSpansMax) {
      to.push_back(span);
    }
  }
}

}  // namespace tickscope::promql
