/* io.prometheus.client.MetricFamily, delimited: what Prometheus takes native histograms in.
 *
 * A message's length is written before it, in four bytes always (a varint may have needless zeros), and filled in after. */
#include <math.h>

#include "expose.h"

enum { kVarint = 0, kFixed64 = 1, kBytes = 2, kLengthBytes = 4, kNativeBucketsMax = 160 };

static void PutVarint(ts_output* out, uint64_t value) {
  unsigned char bytes[10];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7)
    bytes[size++] = (unsigned char)(value | 0x80);
  bytes[size++] = (unsigned char)value;
  ts_put(out, bytes, size);
}

static uint64_t ZigZag(int64_t value) {
  return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static void PutTag(ts_output* out, uint32_t field, uint32_t wire) {
  PutVarint(out, field << 3 | wire);
}

static void PutUintField(ts_output* out, uint32_t field, uint64_t value) {
  PutTag(out, field, kVarint);
  PutVarint(out, value);
}

static void PutDoubleField(ts_output* out, uint32_t field, double value) {
  PutTag(out, field, kFixed64);
  ts_put(out, &value, sizeof value);
}

static void PutTextField(ts_output* out, uint32_t field, const char* text, size_t size) {
  PutTag(out, field, kBytes);
  PutVarint(out, size);
  ts_put(out, text, size);
}

/* Begins a message without a tag; returns where its length goes. */
static size_t BeginMessage(ts_output* out) {
  const size_t at = out->used;
  ts_put(out, "\0\0\0\0", kLengthBytes);
  return at;
}

static size_t BeginField(ts_output* out, uint32_t field) {
  PutTag(out, field, kBytes);
  return BeginMessage(out);
}

static void End(ts_output* out, size_t at) {
  const size_t size = out->used - at - kLengthBytes;
  if (out->used > out->capacity) return; /* will be asked for again with more room */
  for (size_t i = 0; i < kLengthBytes; ++i)
    out->data[at + i] = (char)((size >> (7 * i) & 0x7F) | (i + 1 < kLengthBytes ? 0x80 : 0));
}

static void PutTime(ts_output* out, uint32_t field, uint64_t unix_ns) {
  const size_t at = BeginField(out, field);
  PutUintField(out, 1, unix_ns / 1000000000);
  PutUintField(out, 2, unix_ns % 1000000000);
  End(out, at);
}

static void PutLabel(ts_output* out, ts_text name, ts_text value) {
  const size_t at = BeginField(out, 1);
  PutTextField(out, 1, name.data, name.size);
  PutTextField(out, 2, value.data, value.size);
  End(out, at);
}

static void PutExemplar(ts_output* out, uint32_t field, const ts_exemplar_slot* exemplar, double value) {
  char hex[32];
  const size_t at = BeginField(out, field);
  ts_hex(exemplar->trace_id, sizeof exemplar->trace_id, hex);
  PutLabel(out, (ts_text){"trace_id", 8}, (ts_text){hex, 32});
  ts_hex(exemplar->span_id, sizeof exemplar->span_id, hex);
  PutLabel(out, (ts_text){"span_id", 7}, (ts_text){hex, 16});
  PutDoubleField(out, 2, value);
  PutTime(out, 3, exemplar->unix_ns);
  End(out, at);
}

static void PutClassic(const ts_family_view* view, const ts_reader* reader, uint32_t cell,
                       const ts_exemplar_slot* exemplar, double exemplar_value, ts_output* out) {
  const ts_family_record* const record = view->record;
  uint64_t count = 0;
  for (uint32_t bucket = 0; bucket <= record->bound_count; ++bucket) {
    count += ts_read_count(reader, cell + 1 + bucket);
    const double bound = bucket < record->bound_count ? view->bounds[bucket] : HUGE_VAL;
    const size_t at = BeginField(out, 3);
    PutUintField(out, 1, count);
    PutDoubleField(out, 2, bound);
    if (exemplar != NULL && exemplar_value <= bound) {
      PutExemplar(out, 3, exemplar, exemplar_value);
      exemplar = NULL;
    }
    End(out, at);
  }
  PutUintField(out, 1, count);
}

typedef struct sparse_bucket {
  int32_t index;
  uint64_t count;
} sparse_bucket;

/* Halves the resolution: buckets 2i-1 and 2i become i. Returns how many are left. */
static uint32_t Downscale(sparse_bucket* buckets, uint32_t count) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const int32_t index = (buckets[i].index >= 0 ? buckets[i].index + 1 : buckets[i].index) / 2;
    if (kept > 0 && buckets[kept - 1].index == index) {
      buckets[kept - 1].count += buckets[i].count;
    } else {
      buckets[kept++] = (sparse_bucket){index, buckets[i].count};
    }
  }
  return kept;
}

static void PutSparse(const sparse_bucket* buckets, uint32_t count, ts_output* out) {
  int64_t before = 0;
  for (uint32_t first = 0; first < count;) {
    uint32_t end = first + 1;
    while (end < count && buckets[end].index == buckets[end - 1].index + 1)
      ++end;
    const size_t at = BeginField(out, 12);
    PutUintField(out, 1,
                 ZigZag(first == 0 ? buckets[0].index : buckets[first].index - buckets[first - 1].index - 1));
    PutUintField(out, 2, end - first);
    End(out, at);
    first = end;
  }
  if (count == 0) return;
  const size_t at = BeginField(out, 13);
  for (uint32_t i = 0; i < count; ++i) {
    PutVarint(out, ZigZag((int64_t)buckets[i].count - before));
    before = (int64_t)buckets[i].count;
  }
  End(out, at);
}

static void PutNative(const ts_family_view* view, const ts_reader* reader, uint32_t cell, ts_output* out) {
  const ts_family_record* const record = view->record;
  sparse_bucket buckets[TS_EXPONENTIAL_BUCKETS_MAX + 1];
  uint32_t used = 0;
  int32_t scale = record->scale;
  const uint64_t zero_count = ts_read_count(reader, cell + 1);
  uint64_t count = zero_count;
  for (uint32_t bucket = 1; bucket < record->bound_count; ++bucket) {
    const uint64_t one = ts_read_count(reader, cell + 1 + bucket);
    if (one == 0) continue;
    buckets[used++] = (sparse_bucket){record->first_index + (int32_t)bucket - 1, one};
    count += one;
  }
  while (used > kNativeBucketsMax && scale > -4) {
    used = Downscale(buckets, used);
    --scale;
  }
  /* What is above the most that was declared: more than that is all that is known. The bucket of infinity says so. */
  const uint64_t above = ts_read_count(reader, cell + 1 + record->bound_count);
  if (above > 0) {
    const int32_t infinity = (scale >= 0 ? 1024 << scale : 1024 >> -scale) + 1;
    buckets[used++] = (sparse_bucket){infinity, above};
    count += above;
  }
  const double zero_threshold =
      ldexp(exp2((double)((record->first_index - 1) % (1 << record->scale)) / (1 << record->scale)),
            (record->first_index - 1) / (1 << record->scale));
  PutUintField(out, 1, count);
  PutUintField(out, 5, ZigZag(scale));
  PutDoubleField(out, 6, zero_threshold);
  PutUintField(out, 7, zero_count);
  PutSparse(buckets, used, out);
}

static void PutHistogram(const ts_family_view* view, const ts_reader* reader, uint32_t series,
                         ts_output* out) {
  const ts_family_record* const record = view->record;
  const uint32_t cell = record->first_cell + series * record->cells_per_series;
  ts_exemplar_slot exemplar;
  double value = 0;
  const bool has_exemplar =
      record->first_exemplar != 0 && ts_read_exemplar(record->first_exemplar - 1 + series, &exemplar);
  if (has_exemplar) memcpy(&value, &exemplar.value_bits, sizeof value);
  const size_t at = BeginField(out, 7);
  PutDoubleField(out, 2, ts_read_sum(reader, cell));
  if (record->type == TS_HISTOGRAM) {
    PutClassic(view, reader, cell, has_exemplar ? &exemplar : NULL, value, out);
  } else {
    PutNative(view, reader, cell, out);
    if (has_exemplar) PutExemplar(out, 16, &exemplar, value);
  }
  PutTime(out, 15, ts_header()->created_unix_ns);
  End(out, at);
}

static void PutMetric(const ts_family_view* view, const ts_reader* reader, uint32_t series, ts_output* out) {
  const ts_family_record* const record = view->record;
  const size_t metric = BeginField(out, 4);
  uint32_t below = record->series_count;
  for (uint32_t i = 0; i < record->label_count; ++i) {
    below /= view->labels[i].value_count;
    PutLabel(out, view->labels[i].name,
             ts_label_value(&view->labels[i], series / below % view->labels[i].value_count));
  }
  if (record->type >= TS_HISTOGRAM) {
    PutHistogram(view, reader, series, out);
  } else {
    const bool counter = record->type == TS_COUNTER || record->type == TS_COUNTER_DOUBLE;
    const size_t at = BeginField(out, counter ? 3 : 2);
    PutDoubleField(out, 1, ts_read_scalar(reader, record->type, record->first_cell + series));
    if (counter) PutTime(out, 3, ts_header()->created_unix_ns);
    End(out, at);
  }
  End(out, metric);
}

void ts_expose_protobuf(const ts_family_view* view, const ts_reader* reader, ts_output* out) {
  const uint32_t type = view->record->type;
  const size_t family = BeginMessage(out);
  PutTextField(out, 1, view->name.data, view->name.size);
  PutTextField(out, 2, view->help.data, view->help.size);
  PutUintField(out, 3, type <= TS_COUNTER_DOUBLE ? 0 : type <= TS_UP_DOWN ? 1 : 4);
  for (uint32_t series = 0; series < view->record->series_count; ++series)
    PutMetric(view, reader, series, out);
  if (view->unit.size > 0) PutTextField(out, 5, view->unit.data, view->unit.size);
  End(out, family);
}
