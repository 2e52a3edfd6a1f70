/* The values of the page: what all shards have, added up. */
#ifndef TICKSCOPE_SRC_VALUES_H_
#define TICKSCOPE_SRC_VALUES_H_

#include "sdk.h"
#include "tickscope/inline.h"

typedef struct ts_reader {
  const unsigned char* shards;
  uint64_t shard_bytes;
  uint32_t shards_used;
} ts_reader;

static inline ts_reader ts_open_reader(void) {
  const ts_page_header* const header = ts_header();
  return (ts_reader){ts_the.page + header->shards_offset, header->shard_bytes,
                     __atomic_load_n(&header->shards_used, __ATOMIC_ACQUIRE)};
}

static inline uint64_t ts_read_bits(const ts_reader* reader, uint32_t shard, uint32_t cell) {
  const unsigned char* const at = reader->shards + shard * reader->shard_bytes + (uint64_t)cell * 8;
  return __atomic_load_n((const uint64_t*)(const void*)at, __ATOMIC_RELAXED);
}

static inline uint64_t ts_read_count(const ts_reader* reader, uint32_t cell) {
  uint64_t sum = 0;
  for (uint32_t shard = 0; shard < reader->shards_used; ++shard)
    sum += ts_read_bits(reader, shard, cell);
  return sum;
}

static inline double ts_read_double(const ts_reader* reader, uint32_t shard, uint32_t cell) {
  const uint64_t bits = ts_read_bits(reader, shard, cell);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline double ts_read_sum(const ts_reader* reader, uint32_t cell) {
  double sum = 0;
  for (uint32_t shard = 0; shard < reader->shards_used; ++shard)
    sum += ts_read_double(reader, shard, cell);
  return sum;
}

/* The value of a series that is no histogram. */
static inline double ts_read_scalar(const ts_reader* reader, uint32_t type, uint32_t cell) {
  if (type == TS_GAUGE) return ts_read_double(reader, 0, cell);
  if (type == TS_COUNTER_DOUBLE) return ts_read_sum(reader, cell);
  const uint64_t count = ts_read_count(reader, cell);
  return type == TS_UP_DOWN ? (double)(int64_t)count : (double)count;
}

/* A series' exemplar; false when there is none, or it is being written whenever it is looked at. */
static inline bool ts_read_exemplar(uint32_t slot, ts_exemplar_slot* exemplar) {
  enum { kAttempts = 16 };
  const ts_exemplar_slot* const from = ts_exemplar(slot);
  const uint64_t* const words = &from->value_bits;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const uint32_t sequence = __atomic_load_n(&from->sequence, __ATOMIC_ACQUIRE);
    if (sequence == 0) return false;
    uint64_t copy[5];
    for (int i = 0; i < 5; ++i)
      copy[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if ((sequence & 1) != 0 || __atomic_load_n(&from->sequence, __ATOMIC_RELAXED) != sequence) continue;
    memset(exemplar, 0, sizeof *exemplar);
    memcpy(&exemplar->value_bits, copy, sizeof copy);
    return true;
  }
  return false;
}

/* Trace id and span id as hexadecimal digits, without an end. */
static inline void ts_hex(const uint8_t* bytes, size_t size, char* out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < size; ++i) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
}

#endif
