/* Tickscope SDK: the calls that record a value, inlined. C11 and C++. The functions of tickscope.h do the same with a
 * call more.
 *
 * A counter is one cell a thread: only its thread writes it, so adding is a load, an add and a store, without a locked
 * instruction, and no thread ever waits for a cache line of another: shards are whole pages. That is why it does not
 * get slower with more threads. The store is atomic, so a reader of the page sees the value before or after.
 */
#ifndef TICKSCOPE_INLINE_H_
#define TICKSCOPE_INLINE_H_

#include <string.h>

#include "tickscope/tickscope.h"

#define TS_LIKELY(condition) __builtin_expect(!!(condition), 1)

static inline void ts_cell_add(uint64_t* cell, uint64_t amount) {
  __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}

/* The bits of what the cell has, as a double, and `amount` more. */
static inline uint64_t ts_cell_plus_double(const uint64_t* cell, double amount) {
  uint64_t bits = __atomic_load_n(cell, __ATOMIC_RELAXED);
  double value;
  memcpy(&value, &bits, sizeof value);
  value += amount;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline void ts_cell_add_double(uint64_t* cell, double amount) {
  __atomic_store_n(cell, ts_cell_plus_double(cell, amount), __ATOMIC_RELAXED);
}

static inline void ts_counter_add_inline(ts_counter counter, uint64_t amount) {
  uint64_t* const cells = ts_thread_cells;
  if (TS_LIKELY(cells != NULL)) {
    ts_cell_add(&cells[counter.cell], amount);
  } else {
    ts_counter_add_slow(counter.cell, amount);
  }
}

static inline void ts_up_down_add_inline(ts_up_down up_down, int64_t amount) {
  const ts_counter counter = {up_down.cell};
  ts_counter_add_inline(counter, (uint64_t)amount);
}

static inline void ts_double_counter_add_inline(ts_double_counter counter, double amount) {
  uint64_t* const cells = ts_thread_cells;
  /* Also false for NaN; infinity would spoil the sum for good. */
  if (TS_LIKELY(cells != NULL && amount >= 0 && amount <= 1.7976931348623157e308)) {
    ts_cell_add_double(&cells[counter.cell], amount);
  } else {
    ts_double_counter_add_slow(counter.cell, amount);
  }
}

static inline void ts_gauge_set_inline(ts_gauge gauge, double value) {
  uint64_t* const cells = ts_common_cells;
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (TS_LIKELY(cells != NULL)) __atomic_store_n(&cells[gauge.cell], bits, __ATOMIC_RELAXED);
}

/* The bucket comes from the value's bits: exponent and first bits of the mantissa name a segment, and a segment has one
 * bound at most, so one comparison decides. Cell 0 of a histogram is its sum, then its buckets follow. */
static inline void ts_observe_inline(ts_histogram histogram, double value) {
  uint64_t* const cells = ts_thread_cells;
  const ts_buckets* const buckets = histogram.buckets;
  if (TS_LIKELY(cells != NULL && buckets != NULL)) {
    uint64_t key;
    memcpy(&key, &value, sizeof key);
    key -= 1; /* bounds are inclusive; zero and what is below it get beyond every segment */
    const uint64_t segment = (key >> buckets->shift) - buckets->first_segment;
    if (TS_LIKELY(segment < buckets->segment_count)) {
      const ts_segment* const found = &buckets->segments[segment];
      const uint64_t bucket = found->bucket + (key >= found->bound_bits);
      /* The sum is read before the bucket is written: that store's address is known late, and would keep the load waiting. */
      uint64_t* const sum = &cells[histogram.cell];
      const uint64_t sum_bits = ts_cell_plus_double(sum, value);
      ts_cell_add(sum + 1 + bucket, 1);
      __atomic_store_n(sum, sum_bits, __ATOMIC_RELAXED);
      return;
    }
  }
  ts_observe_slow(histogram, value);
}

#endif
