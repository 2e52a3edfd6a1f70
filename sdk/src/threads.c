/* Shards: who records where.
 *
 * A thread takes a shard of its own; when it ends, the shard keeps its counts and the next new thread goes on with them.
 * So nothing is ever moved from one place to another, there is no moment at which a reader (or a kill) finds a count twice or
 * not at all, and there are as many shards as there were threads at one time. Shard 0 is common: gauges live there, and
 * threads for which no shard is left add there, by atomic additions. */
#include <fcntl.h>

#include "sdk.h"
#include "tickscope/inline.h"

__thread uint64_t* ts_thread_cells = NULL;
uint64_t* ts_common_cells = NULL;

static __thread bool shares; /* no shard was left for this thread */
static pthread_key_t at_exit_key;
static bool have_key;
/* Shards that threads took through this copy of the library. */
static uint8_t claimed[TS_SHARDS_LIMIT];

static void LetGo(uint32_t shard) {
  claimed[shard] = 0;
  __atomic_store_n(&ts_owners()[shard], TS_OWNER_NOBODY, __ATOMIC_RELEASE);
}

static void ThreadEnds(void* shard) {
  ts_thread_cells = NULL;
  pthread_mutex_lock(&ts_the.lock);
  if (ts_the.page != NULL) LetGo((uint32_t)(uintptr_t)shard);
  pthread_mutex_unlock(&ts_the.lock);
}

void ts_threads_start(void) {
  if (!have_key) have_key = pthread_key_create(&at_exit_key, ThreadEnds) == 0;
}

/* When this library is unloaded: its threads' shards go to whoever comes, and no thread's end calls code that is gone. */
__attribute__((destructor)) static void LibraryEnds(void) {
  if (have_key) pthread_key_delete(at_exit_key);
  have_key = false;
  if (ts_the.page == NULL) return;
  for (uint32_t shard = 1; shard < ts_header()->shard_count; ++shard)
    if (claimed[shard]) LetGo(shard);
}

bool ts_reserve(uint64_t offset, uint64_t bytes) {
  return ts_the.file < 0 || posix_fallocate(ts_the.file, (off_t)offset, (off_t)bytes) == 0;
}

static bool Take(uint32_t shard, uint32_t from) {
  ts_page_header* const header = ts_header();
  if (!__atomic_compare_exchange_n(&ts_owners()[shard], &from, TS_OWNER_THREAD, false, __ATOMIC_ACQUIRE,
                                   __ATOMIC_RELAXED))
    return false;
  uint32_t used = __atomic_load_n(&header->shards_used, __ATOMIC_RELAXED);
  while (used < shard + 1 && !__atomic_compare_exchange_n(&header->shards_used, &used, shard + 1, false,
                                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
  }
  claimed[shard] = 1;
  return true;
}

/* The shard taken, or 0. Those that have counts first, so that there are few. */
static uint32_t TakeAny(void) {
  const ts_page_header* const header = ts_header();
  for (uint32_t shard = 1; shard < header->shard_count; ++shard) {
    if (__atomic_load_n(&ts_owners()[shard], __ATOMIC_RELAXED) == TS_OWNER_NOBODY &&
        Take(shard, TS_OWNER_NOBODY))
      return shard;
  }
  for (uint32_t shard = 1; shard < header->shard_count; ++shard) {
    if (__atomic_load_n(&ts_owners()[shard], __ATOMIC_RELAXED) != TS_OWNER_NEVER) continue;
    /* A full /dev/shm shows here, not as a SIGBUS in the middle of a tick. */
    if (!ts_reserve(header->shards_offset + (uint64_t)shard * header->shard_bytes, header->shard_bytes))
      return 0;
    if (Take(shard, TS_OWNER_NEVER)) return shard;
  }
  return 0;
}

ts_result ts_thread_attach(void) {
  if (ts_thread_cells != NULL) return TS_OK;
  if (shares) return ts_fail(TS_FULL, "no shard is left for this thread");
  if (!__atomic_load_n(&ts_the.started, __ATOMIC_ACQUIRE))
    return ts_fail(TS_NOT_STARTED, "ts_thread_attach before ts_start");
  pthread_mutex_lock(&ts_the.lock);
  const uint32_t shard = have_key ? TakeAny() : 0;
  if (shard != 0 && pthread_setspecific(at_exit_key, (void*)(uintptr_t)shard) == 0) {
    ts_thread_cells = ts_shard_cells(shard);
  } else {
    if (shard != 0) LetGo(shard);
    shares = true;
  }
  pthread_mutex_unlock(&ts_the.lock);
  if (!shares) return TS_OK;
  ts_count_refused(TS_REFUSED_SHARD);
  return ts_fail(TS_FULL, "no shard is left for this thread");
}

void ts_threads_reclaim(bool only_this_thread) {
  const ts_page_header* const header = ts_header();
  const uint64_t* const mine = ts_thread_cells;
  for (uint32_t shard = 1; shard < header->shard_count; ++shard) {
    if (!claimed[shard]) continue;
    claimed[shard] = 0;
    if (only_this_thread && ts_shard_cells(shard) != mine) continue;
    if (ts_reserve(header->shards_offset + (uint64_t)shard * header->shard_bytes, header->shard_bytes)) {
      (void)Take(shard, __atomic_load_n(&ts_owners()[shard], __ATOMIC_RELAXED));
    } else if (ts_shard_cells(shard) == mine) {
      ts_thread_cells = NULL;
      shares = true;
    }
  }
}

/* ---- what the inline calls leave to a function ---- */

static void AtomicAddDouble(uint64_t* cell, double amount) {
  uint64_t old_bits = __atomic_load_n(cell, __ATOMIC_RELAXED);
  uint64_t new_bits;
  do {
    double value;
    memcpy(&value, &old_bits, sizeof value);
    value += amount;
    memcpy(&new_bits, &value, sizeof new_bits);
  } while (!__atomic_compare_exchange_n(cell, &old_bits, new_bits, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void ts_counter_add_slow(uint32_t cell, uint64_t amount) {
  if (ts_thread_attach() == TS_OK) {
    ts_cell_add(&ts_thread_cells[cell], amount);
  } else if (ts_common_cells != NULL) {
    __atomic_fetch_add(&ts_common_cells[cell], amount, __ATOMIC_RELAXED);
  }
}

void ts_double_counter_add_slow(uint32_t cell, double amount) {
  if (!(amount >= 0) || amount > 1.7976931348623157e308) {
    ts_count_refused(amount < 0 ? TS_REFUSED_NEGATIVE : TS_REFUSED_NOT_FINITE);
  } else if (ts_thread_attach() == TS_OK) {
    ts_cell_add_double(&ts_thread_cells[cell], amount);
  } else if (ts_common_cells != NULL) {
    AtomicAddDouble(&ts_common_cells[cell], amount);
  }
}

/* The first bucket whose bound is not below the value. */
static uint32_t FindBucket(const ts_buckets* buckets, double value) {
  uint32_t low = 0;
  uint32_t high = buckets->bound_count;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (buckets->bounds[middle] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void ts_observe_slow(ts_histogram histogram, double value) {
  const ts_buckets* const buckets = histogram.buckets;
  if (buckets == NULL) return;
  if (!(value >= -1.7976931348623157e308 && value <= 1.7976931348623157e308)) {
    ts_count_refused(TS_REFUSED_NOT_FINITE);
    return;
  }
  if (value < 0 && buckets->exponential) {
    ts_count_refused(TS_REFUSED_NEGATIVE);
    return;
  }
  const uint32_t bucket = histogram.cell + 1 + FindBucket(buckets, value);
  if (ts_thread_attach() == TS_OK) {
    ts_cell_add(&ts_thread_cells[bucket], 1);
    ts_cell_add_double(&ts_thread_cells[histogram.cell], value);
  } else if (ts_common_cells != NULL) {
    __atomic_fetch_add(&ts_common_cells[bucket], 1, __ATOMIC_RELAXED);
    AtomicAddDouble(&ts_common_cells[histogram.cell], value);
  }
}
