/* The page as it lies in memory: docs/formats/sdk-page.md, version 1. Little-endian; every field is aligned to its size.
 *
 * Readers of other processes look at it while it changes, and after a kill at any instruction. Hence
 *   P1  what is constant is checksummed and complete before `state` is live,
 *   P2  a record of the directory is complete before `directory_used` covers it, and never changes afterwards,
 *   P3  values are cells of eight bytes, each written by one store,
 *   P4  the sum of a cell over all shards is its value, at every moment.
 */
#ifndef TICKSCOPE_SRC_PAGE_LAYOUT_H_
#define TICKSCOPE_SRC_PAGE_LAYOUT_H_

#include <stddef.h>
#include <stdint.h>

#define TS_PAGE_MAGIC "TSPAGE\r\n"

enum {
  TS_PAGE_VERSION = 1,
  TS_HEADER_BYTES = 4096,
  TS_OWNERS_OFFSET = 512,
  TS_SHARDS_LIMIT = 512,
  TS_PAGE_NAME_BYTES = 32,
  TS_PAGE_ALIGN = 4096,
  TS_RECORD_HEAD_BYTES = 40,
  TS_RECORD_FAMILY = 1,
  TS_STATE_MAKING = 0,
  TS_STATE_LIVE = 1,
  TS_STATE_CLOSED = 2
};

typedef struct ts_page_header {
  char magic[8];
  uint32_t version;
  uint32_t identity_crc; /* CRC32C of the bytes from page_bytes up to state */
  uint64_t page_bytes;
  uint32_t directory_offset;
  uint32_t directory_bytes;
  uint32_t exemplars_offset;
  uint32_t exemplar_slots;
  uint64_t shards_offset;
  uint64_t shard_bytes; /* from one shard to the next */
  uint32_t cells_per_shard;
  uint32_t shard_count;
  uint64_t pid;
  uint64_t process_start; /* field 22 of /proc/PID/stat: tells a pid that is used again */
  uint64_t created_unix_ns;
  uint64_t parent_pid; /* of the page's process when it was forked from one with a page; else 0 */
  char name[TS_PAGE_NAME_BYTES];
  /* From here on it changes. */
  uint32_t state;
  uint32_t register_lock; /* between copies of this library in one process */
  uint64_t directory_used;
  uint32_t cells_used;
  uint32_t exemplars_used;
  uint32_t shards_used; /* shards below this may hold counts */
  uint32_t padding;
  uint64_t heartbeat_unix_ns;
} ts_page_header;

_Static_assert(offsetof(ts_page_header, page_bytes) == 16, "format");
_Static_assert(offsetof(ts_page_header, shards_offset) == 40, "format");
_Static_assert(offsetof(ts_page_header, pid) == 64, "format");
_Static_assert(offsetof(ts_page_header, name) == 96, "format");
_Static_assert(offsetof(ts_page_header, state) == 128, "format");
_Static_assert(offsetof(ts_page_header, directory_used) == 136, "format");
_Static_assert(offsetof(ts_page_header, heartbeat_unix_ns) == 160, "format");
_Static_assert(sizeof(ts_page_header) <= TS_OWNERS_OFFSET, "format");

/* A shard's owner: who records into it. */
enum {
  TS_OWNER_NEVER = 0,  /* untouched: all zeros */
  TS_OWNER_NOBODY = 1, /* its thread is gone, its counts count */
  TS_OWNER_THREAD = 2
};

/* Head of a directory record. Behind it: bounds (doubles), then name, unit, help, then each label's name and values,
 * each text as u16 length and bytes, each label as name, u16 number of values, values; zeros to a multiple of eight. */
typedef struct ts_family_record {
  uint32_t record_bytes;
  uint32_t crc; /* CRC32C of the record from `kind` on */
  uint8_t kind;
  uint8_t type; /* ts_type */
  uint8_t label_count;
  int8_t scale;
  uint32_t first_cell;
  uint32_t cells_per_series;
  uint32_t series_count;
  uint32_t first_exemplar; /* 0: none; else one more than the slot's number */
  uint32_t bound_count;    /* exponential: bounds are not written, first_index says them */
  int32_t first_index;
  uint32_t reserved;
} ts_family_record;

_Static_assert(sizeof(ts_family_record) == TS_RECORD_HEAD_BYTES, "format");

/* The newest exemplar of a series. Whole when `sequence` is even, not zero, and the same before and after reading. */
typedef struct ts_exemplar_slot {
  uint32_t sequence;
  uint32_t reserved;
  uint64_t value_bits;
  uint64_t unix_ns;
  uint8_t trace_id[16];
  uint8_t span_id[8];
  uint64_t padding[2];
} ts_exemplar_slot;

_Static_assert(sizeof(ts_exemplar_slot) == 64, "format");

#endif
