#include "promql/range_source.h"

namespace tickscope::promql {

Result<RangeSource> ResolveSource(const QueryRun& run, const Expr& expr) {
  RangeSource source;
  const Expr& inner = WithoutParens(expr);
  source.selector = std::get_if<MatrixSelector>(&inner.node);
  source.subquery = std::get_if<Subquery>(&inner.node);
  const Duration& range = source.selector != nullptr ? source.selector->range : source.subquery->range;
  TICKSCOPE_ASSIGN_OR_RETURN(source.range_ms, ResolveDuration(range, DurationRole::kRange, run.durations()));
  if (source.selector != nullptr) {
    const VectorSelector& selector = source.selector->selector;
    source.mode = selector.mode;
    TICKSCOPE_ASSIGN_OR_RETURN(source.shift, TimeShift::Resolve(run, selector.offset, selector.at));
  } else {
    TICKSCOPE_ASSIGN_OR_RETURN(source.shift,
                               TimeShift::Resolve(run, source.subquery->offset, source.subquery->at));
  }
  return source;
}

void AnnotateCounterName(QueryRun& run, PositionRange at, const Labels& labels) {
  const std::string_view name = labels.metric_name();
  if (name.empty()) return;
  if (run.options.type_and_unit_labels) {
    const std::string_view type = labels.Get("__type__");
    if (type == "counter" || type == "histogram") return;
    run.annotations.Inform(at,
                           "metric might not be a counter, __type__ label is not set to \"counter\" or "
                           "\"histogram\", got " +
                               Quoted(type) + ": " + Quoted(name));
    return;
  }
  for (const std::string_view ending : {"_total", "_sum", "_count", "_bucket"}) {
    if (name.ends_with(ending)) return;
  }
  run.annotations.Inform(
      at, "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " + Quoted(name));
}

}  // namespace tickscope::promql
