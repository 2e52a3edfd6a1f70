/* One family into one format. */
#ifndef TICKSCOPE_SRC_EXPOSE_H_
#define TICKSCOPE_SRC_EXPOSE_H_

#include "output.h"
#include "values.h"

void ts_expose_text(const ts_family_view* view, const ts_reader* reader, bool openmetrics, ts_output* out);
void ts_expose_protobuf(const ts_family_view* view, const ts_reader* reader, ts_output* out);

/* Upper bound of bucket `index` of a histogram; +Inf for the last. */
double ts_bucket_bound(const ts_family_view* view, const ts_buckets* buckets, uint32_t index);

#endif
