#include "promql/query_run.h"

#include <utility>

namespace tickscope::promql {

void QueryRun::NoteRead(const VectorSelector& selector, ReadRecord record) const {
  stats.series_read += record.series;
  stats.samples_read += record.samples;
  AddSpans(record.spans, stats.spans);
  if (trace != nullptr) trace->Read(selector, record);
}

}  // namespace tickscope::promql
