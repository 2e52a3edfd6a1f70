// A query's value as the API writes it.
//
//   scalar   "resultType":"scalar","result":[1.5,"0.1"]
//   string   "resultType":"string","result":[1.5,"text"]
//   vector   "resultType":"vector","result":[{"metric":{"job":"api"},"value":[1700000000,"1"]}]
//   matrix   "resultType":"matrix","result":[{"metric":{},"values":[[1700000000,"1"],[1700000060.500,"2"]]}]
//
// A native histogram takes the place of a float under "histogram" or "histograms":
//
//   [1700000000,{"count":"3","sum":"4.5","buckets":[[0,"1","2","3"]]}]      rule, lower, upper, count
//   rule   0 lower end open   1 upper end open   2 both open   3 both closed
//
// Two quirks are the reference's and clients may compare bytes: a scalar's time has the fewest digits (1.5
// where samples say 1.500), and a scalar's value never has an exponent.
#pragma once

#include "model/histogram.h"
#include "model/labels.h"
#include "model/queryable.h"
#include "promql/engine.h"
#include "wire/json_writer.h"

namespace tickscope::api {

/// Writes the members "resultType" and "result" into the open object. Ends early once the writer is full. Errors: the
/// context's, at which it looks now and then; what it has written is cut short then.
[[nodiscard]] Status WriteValue(const promql::Value& value, const QueryContext& context,
                                wire::JsonWriter& json);

/// Writes {"name":"value",...} in label order.
void WriteLabels(const Labels& labels, wire::JsonWriter& json);

/// Writes {"count":...,"sum":...,"buckets":[...]}; the last member is left out when every bucket is empty.
void WriteHistogram(const Histogram& histogram, wire::JsonWriter& json);

}  // namespace tickscope::api
