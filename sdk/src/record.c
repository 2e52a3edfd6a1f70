/* Handles, and the calls of the C interface that record a value. */
#include "sdk.h"
#include "tickscope/inline.h"

/* The first cell of a series; 0, which nobody reads, for a wrong handle. */
static uint32_t CellOf(ts_family family, ts_type type, uint32_t series) {
  if (family.series_count == 0) return 0;
  if (family.type != (uint32_t)type || series >= family.series_count) {
    ts_count_refused(TS_REFUSED_WRONG_HANDLE);
    return 0;
  }
  return family.first_cell + series * family.cells_per_series;
}

ts_counter ts_counter_of(ts_family family, uint32_t series) {
  return (ts_counter){CellOf(family, TS_COUNTER, series)};
}

ts_double_counter ts_double_counter_of(ts_family family, uint32_t series) {
  return (ts_double_counter){CellOf(family, TS_COUNTER_DOUBLE, series)};
}

ts_gauge ts_gauge_of(ts_family family, uint32_t series) {
  return (ts_gauge){CellOf(family, TS_GAUGE, series)};
}

ts_up_down ts_up_down_of(ts_family family, uint32_t series) {
  return (ts_up_down){CellOf(family, TS_UP_DOWN, series)};
}

ts_histogram ts_histogram_of(ts_family family, uint32_t series) {
  const ts_type type = family.type == TS_EXPONENTIAL ? TS_EXPONENTIAL : TS_HISTOGRAM;
  const uint32_t cell = CellOf(family, type, series);
  if (cell == 0) return (ts_histogram){0};
  return (ts_histogram){cell, family.first_exemplar == 0 ? 0 : family.first_exemplar + series,
                        family.buckets};
}

void ts_counter_add(ts_counter counter, uint64_t amount) {
  ts_counter_add_inline(counter, amount);
}

void ts_double_counter_add(ts_double_counter counter, double amount) {
  ts_double_counter_add_inline(counter, amount);
}

void ts_gauge_set(ts_gauge gauge, double value) {
  ts_gauge_set_inline(gauge, value);
}

void ts_up_down_add(ts_up_down up_down, int64_t amount) {
  ts_up_down_add_inline(up_down, amount);
}

void ts_observe(ts_histogram histogram, double value) {
  ts_observe_inline(histogram, value);
}

void ts_observe_since(ts_histogram histogram, uint64_t start_ns) {
  const uint64_t now_ns = ts_now_ns();
  ts_observe_inline(histogram, now_ns > start_ns ? (double)(now_ns - start_ns) * 1e-9 : 0.0);
}

void ts_observe_traced(ts_histogram histogram, double value, const uint8_t trace_id[16],
                       const uint8_t span_id[8]) {
  ts_observe_inline(histogram, value);
  if (histogram.exemplar == 0 || ts_common_cells == NULL || trace_id == NULL || !(value - value == 0)) return;
  ts_exemplar_slot* const slot = ts_exemplar(histogram.exemplar - 1);
  uint32_t sequence = __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED);
  /* Odd: somebody writes. Nobody waits: the other one is as good an example. */
  if ((sequence & 1) != 0 || !__atomic_compare_exchange_n(&slot->sequence, &sequence, sequence + 1, false,
                                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    ts_count_refused(TS_REFUSED_EXEMPLAR_BUSY);
    return;
  }
  __atomic_thread_fence(__ATOMIC_RELEASE);
  uint64_t words[5] = {0};
  memcpy(&words[0], &value, sizeof value);
  words[1] = ts_unix_ns();
  memcpy(&words[2], trace_id, 16);
  if (span_id != NULL) memcpy(&words[4], span_id, 8);
  uint64_t* const to = &slot->value_bits;
  for (int i = 0; i < 5; ++i)
    __atomic_store_n(&to[i], words[i], __ATOMIC_RELAXED);
  __atomic_store_n(&slot->sequence, sequence + 2, __ATOMIC_RELEASE);
}
