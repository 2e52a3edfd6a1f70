#ifndef TICKSCOPE_SRC_CHECK_METRIC_H_
#define TICKSCOPE_SRC_CHECK_METRIC_H_

#include "sdk.h"

/* TS_OK, or why the declaration cannot be taken. */
ts_result ts_check_metric(const ts_metric* metric, uint32_t* series_count);

/* The buckets of an exponential histogram between `least` and `most`. */
ts_result ts_check_window(const ts_metric* metric, int32_t* first_index, uint32_t* bucket_count);

#endif
