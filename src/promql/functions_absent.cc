#include "promql/functions_absent.h"

#include <map>

namespace tickscope::promql {
namespace {

Labels LabelsOfMissing(const Expr& arg) {
  const Expr& inner = WithoutParens(arg);
  const std::vector<Matcher>* matchers = nullptr;
  if (const auto* selector = std::get_if<VectorSelector>(&inner.node)) matchers = &selector->matchers;
  if (const auto* range = std::get_if<MatrixSelector>(&inner.node)) matchers = &range->selector.matchers;
  if (matchers == nullptr) return {};
  // Empty where the matchers do not agree on one value. Only what comes after an equality takes it back: Prometheus' own
  // way of reading `a=~"x", a="y"`.
  std::map<std::string_view, std::string_view> known;
  for (const Matcher& matcher : *matchers) {
    if (IsMetricIdentityLabel(matcher.name())) continue;
    if (matcher.type() != MatchType::kEqual && !known.contains(matcher.name())) continue;
    const auto [it, first] = known.try_emplace(matcher.name(), matcher.value());
    if (!first) it->second = {};
  }
  return Labels::FromPairs({known.begin(), known.end()});
}

}  // namespace

Result<StepMatrix> AbsentRow(const CallSite& site, const std::vector<bool>& present) {
  StepMatrix out = site.evaluator.NewMatrix(site.scope);
  out.AddRow({LabelsOfMissing(site.arg(0)), false});
  for (std::size_t step = 0; step < present.size(); ++step) {
    if (!present[step]) out.SetFloat(0, step, 1);
  }
  TICKSCOPE_RETURN_IF_ERROR(out.CloseRow());
  return out;
}

Result<StepMatrix> EvalAbsent(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix in,
                             site.evaluator.Vector(site.arg(0), site.scope.TotalsOnly()));
  std::vector<bool> present(in.steps(), false);
  Pace pace(site.run());
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(in.steps()));
    for (std::size_t step = 0; step < in.steps(); ++step) {
      if (in.cell(row, step) != Cell::kNone) present[step] = true;
    }
  }
  return AbsentRow(site, present);
}

}  // namespace tickscope::promql
