/* What the files of the library share. One page a process; `ts_the` is all of the library's state. */
#ifndef TICKSCOPE_SRC_SDK_H_
#define TICKSCOPE_SRC_SDK_H_

#include <pthread.h>
#include <stdbool.h>

#include "page_layout.h"
#include "tickscope/tickscope.h"

/* Why something was not taken, in the order of the values of tickscope_sdk_refused_total's label. */
typedef enum ts_refusal {
  TS_REFUSED_UNDECLARED_VALUE,
  TS_REFUSED_WRONG_HANDLE,
  TS_REFUSED_REGISTRATION,
  TS_REFUSED_NOT_FINITE,
  TS_REFUSED_NEGATIVE,
  TS_REFUSED_EXEMPLAR_BUSY,
  TS_REFUSED_SHARD, /* a thread that shares, for lack of a shard */
  TS_REFUSAL_COUNT
} ts_refusal;

typedef struct ts_state {
  pthread_mutex_t lock; /* registration, start, stop, attaching of threads; never on the way of a value */
  unsigned char* page;  /* stays where it is from the first ts_start on */
  uint64_t page_bytes;
  int file; /* -1: none */
  bool started;
  ts_fork fork;
  char directory[256];
  char path[320];
  ts_family refused;
} ts_state;

extern ts_state ts_the;

static inline ts_page_header* ts_header(void) {
  return (ts_page_header*)(void*)ts_the.page;
}
static inline uint64_t* ts_shard_cells(uint32_t shard) {
  const ts_page_header* header = ts_header();
  return (uint64_t*)(void*)(ts_the.page + header->shards_offset + (uint64_t)shard * header->shard_bytes);
}
static inline uint32_t* ts_owners(void) {
  return (uint32_t*)(void*)(ts_the.page + TS_OWNERS_OFFSET);
}
static inline ts_exemplar_slot* ts_exemplar(uint32_t slot) {
  return (ts_exemplar_slot*)(void*)(ts_the.page + ts_header()->exemplars_offset) + slot;
}
static inline const ts_family_record* ts_record_at(uint64_t used) {
  return (const ts_family_record*)(const void*)(ts_the.page + ts_header()->directory_offset + used);
}

/* Keeps the text for ts_last_error and returns the result. */
ts_result ts_fail(ts_result result, const char* format, ...) __attribute__((format(printf, 2, 3)));
void ts_count_refused(ts_refusal why);

uint32_t ts_crc32c(const void* bytes, size_t size);
uint64_t ts_unix_ns(void);

/* directory.c */
ts_result ts_register_locked(const ts_metric* metric, ts_family* family);
/* Whether every record of the page is whole; for a page that another copy of the library made. */
bool ts_directory_is_whole(const unsigned char* page);

/* threads.c: after the page was replaced beneath them, in a child only the calling thread is left. */
void ts_threads_start(void);
void ts_threads_reclaim(bool only_this_thread);
/* Room for a shard, so that writing to it cannot fail later for want of space. */
bool ts_reserve(uint64_t offset, uint64_t bytes);

/* buckets.c: NULL when there is no memory. Kept until the process ends; the same bounds give the same. */
const ts_buckets* ts_buckets_of_bounds(const double* bounds, uint32_t count);
const ts_buckets* ts_buckets_of_scale(int32_t scale, int32_t first_index, uint32_t count);

/* http.c */
void ts_http_forget(void);

#endif
