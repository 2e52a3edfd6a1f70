/* Tickscope SDK, C11 interface: counters, gauges and histograms of a game server, in a page of memory that the agent
 * reads, also after the server crashed.
 *
 *   ts_options options = TS_OPTIONS_DEFAULT;
 *   options.directory = "/dev/shm/tickscope";
 *   ts_start(&options);
 *
 *   const char* const reasons[] = {"full", "timeout"};
 *   const ts_label reason = {"reason", reasons, 2};
 *   const ts_metric metric = {.type = TS_COUNTER, .name = "game_join_failures_total",
 *                             .help = "Joins that failed.", .labels = &reason, .label_count = 1};
 *   ts_family family;
 *   ts_register(&metric, &family);                      once
 *   ts_counter full = ts_counter_of(family, 0);         once
 *
 *   ts_counter_add(full, 1);                            as often as you like
 *
 * Rules (cited by tests and by docs/formats/sdk-page.md)
 *   S1  A call that records a value allocates nothing, takes no lock, makes no system call, and cannot fail in a way
 *       the game would notice. What cannot be recorded is counted in tickscope_sdk_refused_total{reason}.
 *   S2  Every series exists from registration on, with all the values its labels may have. A value that was not
 *       declared is refused; there is never a new series afterwards.
 *   S3  A zeroed handle, a handle of a refused registration and any call before ts_start do nothing.
 *   S4  Handles stay good until the process ends, also over ts_stop, another ts_start, and fork.
 *
 * Threads   Every function may be called from any thread. A thread's first value attaches it (ts_thread_attach): it
 *           gets a shard of its own, or one that a dead thread has left, whose counts it goes on with. Recording inside
 *           a signal handler may lose a count of the thread that it interrupted.
 * Memory    Text passed in is copied during the call.
 * Errors    Values of ts_result; ts_result_text says what each means, ts_last_error what was wrong in particular.
 * Systems   Linux, GCC or Clang, 64 bits, little-endian.
 */
#ifndef TICKSCOPE_TICKSCOPE_H_
#define TICKSCOPE_TICKSCOPE_H_

#include <stddef.h>
#include <stdint.h>

#define TS_VERSION_MAJOR 0
#define TS_VERSION_MINOR 1

#define TS_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* ---- results ---- */

typedef enum ts_result {
  TS_OK = 0,
  TS_NOT_STARTED = 1, /* ts_start was not called, or failed */
  TS_INVALID = 2,     /* an argument that can never be taken: a name, a bound, text that is not UTF-8 */
  TS_CONFLICT = 3,    /* the name is taken by a family declared otherwise, or by a part of a histogram */
  TS_FULL = 4,        /* the page has no room for it: raise cells_max, directory_bytes or shards_max */
  TS_UNDECLARED = 5,  /* a label value that the family does not have */
  TS_SYSTEM = 6,      /* the operating system refused: no such directory, no space, no permission */
  TS_TOO_SMALL = 7    /* the caller's buffer; the size needed was returned */
} ts_result;

/* A sentence without a full stop; never NULL. Lives as long as the process. */
TS_API const char* ts_result_text(ts_result result);

/* What was wrong with this thread's last call that failed, with names and values: at most 255 bytes, "" if none.
 * Good until the thread's next call that fails. */
TS_API const char* ts_last_error(void);

/* ---- start and stop ---- */

typedef enum ts_fork {
  TS_FORK_OWN_PAGE =
      0, /* a child gets a page of its own, zeroed, beside its parent's: match servers forked from one */
  TS_FORK_NO_PAGE = 1 /* a child's values go nowhere */
} ts_fork;

typedef struct ts_options {
  const char*
      directory; /* where the page is made; NULL: in memory that only this process sees (for ts_expose) */
  const char*
      name; /* of the server, in the page and its file's name: letters, digits, '.', '_', '-', at most 31 */
  uint32_t cells_max;       /* eight bytes a counter, gauge or bucket, for each thread; 64 .. 1048576 */
  uint32_t shards_max;      /* threads that record at one time without sharing, and one more; 2 .. 512 */
  uint32_t directory_bytes; /* for names and texts of all families; 4096 .. 16777216 */
  uint32_t exemplars_max;   /* series with an exemplar; 0 .. 65536 */
  ts_fork fork;
} ts_options;

#define TS_OPTIONS_DEFAULT {NULL, "game", 8192, 64, 262144, 256, TS_FORK_OWN_PAGE}

/* Makes the page, DIRECTORY/NAME.PID.tspage, and starts taking values. A page that this very process has there is
 * attached to (another copy of this library, loaded anew); one that another process left under this pid is replaced.
 * When started already: fine, and nothing changes. NULL for the defaults.
 * Errors: TS_INVALID, TS_SYSTEM. The game goes on either way: nothing else depends on it. */
TS_API ts_result ts_start(const ts_options* options);

/* Marks the page closed and removes its file unless `keep`. Values are still taken, by nobody; the memory stays. */
TS_API void ts_stop(int keep);

/* Path of the page's file, "" when it has none. Good until the next ts_start or fork. */
TS_API const char* ts_page_path(void);

/* Says that the server is alive: once a tick or a second. Costs a read of the clock. */
TS_API void ts_heartbeat(void);

/* ---- registration ---- */

typedef enum ts_type {
  TS_COUNTER = 1,        /* whole numbers that only grow */
  TS_COUNTER_DOUBLE = 2, /* the same in fractions: seconds */
  TS_GAUGE = 3,          /* the last value set, by whichever thread */
  TS_UP_DOWN = 4,        /* a whole number that threads add to and take from; shown as a gauge */
  TS_HISTOGRAM = 5,      /* observations counted by declared bounds */
  TS_EXPONENTIAL =
      6 /* observations >= 0 counted in 2^scale buckets an octave: relative error 4.4 % at scale 3 */
} ts_type;

enum {
  TS_LABELS_MAX = 4,
  TS_SERIES_MAX = 1024, /* of a family: the product of its labels' values */
  TS_NAME_BYTES_MAX = 128,
  TS_VALUE_BYTES_MAX = 128,
  TS_HELP_BYTES_MAX = 512,
  TS_BOUNDS_MAX = 256,
  TS_EXPONENTIAL_BUCKETS_MAX = 1024,
  TS_SCALE_MAX = 5
};

typedef struct ts_label {
  const char* name;
  const char* const* values; /* every value it will ever have, each once */
  uint32_t value_count;
} ts_label;

typedef struct ts_metric {
  ts_type type;
  const char*
      name; /* as Prometheus has it; counters end in _total, and a unit is the name's last word before that */
  const char* unit; /* NULL or "": none */
  const char* help;
  const ts_label* labels;
  uint32_t label_count;
  const double* bounds; /* TS_HISTOGRAM: ascending upper bounds, inclusive, without +Inf */
  uint32_t bound_count;
  int32_t scale; /* TS_EXPONENTIAL: 0 .. TS_SCALE_MAX */
  double least;  /* TS_EXPONENTIAL: what is not above it counts as zero; 0 for 2^-20 (about a millionth) */
  double most;   /* TS_EXPONENTIAL: what is above it counts as more than that; 0 for 2^12 (4096) */
  int exemplars; /* histograms: whether each series keeps its newest exemplar */
} ts_metric;

/* How bounds are found without a search; see src/buckets.c. Public only because the inline calls read it. */
typedef struct ts_segment {
  uint64_t bound_bits; /* of the one bound within, or of the next one above */
  uint64_t bucket;     /* that bound's */
} ts_segment;

typedef struct ts_buckets {
  uint64_t first_segment;
  uint64_t segment_count;
  uint32_t shift;
  uint32_t bound_count;
  const ts_segment* segments;
  const double* bounds;
  int32_t scale;
  int32_t first_index;  /* TS_EXPONENTIAL: of the bucket above `least`, as Prometheus numbers them */
  uint32_t exponential; /* observations below zero are refused */
} ts_buckets;

/* A registered family. All zero: none, and all that is made of it does nothing. */
typedef struct ts_family {
  uint32_t type;
  uint32_t first_cell;
  uint32_t cells_per_series;
  uint32_t series_count;
  uint32_t first_exemplar; /* 0: none; else one more than the slot's number */
  uint32_t record;         /* where the page's directory describes it */
  const ts_buckets* buckets;
} ts_family;

typedef struct ts_counter {
  uint32_t cell;
} ts_counter;
typedef struct ts_double_counter {
  uint32_t cell;
} ts_double_counter;
typedef struct ts_gauge {
  uint32_t cell;
} ts_gauge;
typedef struct ts_up_down {
  uint32_t cell;
} ts_up_down;
typedef struct ts_histogram {
  uint32_t cell;
  uint32_t exemplar;
  const ts_buckets* buckets;
} ts_histogram;

/* Declares a family; once more with the same declaration gives the same family. `*family` is zeroed on error.
 * Errors: TS_NOT_STARTED, TS_INVALID, TS_CONFLICT, TS_FULL. Takes a lock and may allocate. */
TS_API ts_result ts_register(const ts_metric* metric, ts_family* family);

/* The number of the series with these label values, in the order the labels were declared. The last label's values are
 * neighbours: of labels {a: x, y} and {b: 1, 2, 3}, series 4 is a=y, b=2.
 * Errors: TS_UNDECLARED, counted; TS_INVALID for no family. Compares text: at start, not on the way of a value. */
TS_API ts_result ts_series(ts_family family, const char* const* values, uint32_t* series);

/* Handles by number of series. A wrong type or number is counted, and the handle does nothing. */
TS_API ts_counter ts_counter_of(ts_family family, uint32_t series);
TS_API ts_double_counter ts_double_counter_of(ts_family family, uint32_t series);
TS_API ts_gauge ts_gauge_of(ts_family family, uint32_t series);
TS_API ts_up_down ts_up_down_of(ts_family family, uint32_t series);
TS_API ts_histogram ts_histogram_of(ts_family family, uint32_t series);

/* ---- values (S1) ---- */

TS_API void ts_counter_add(ts_counter counter, uint64_t amount);
/* Amounts below zero and those that are not finite are refused. */
TS_API void ts_double_counter_add(ts_double_counter counter, double amount);
/* The last value set is what is seen; any double. */
TS_API void ts_gauge_set(ts_gauge gauge, double value);
TS_API void ts_up_down_add(ts_up_down up_down, int64_t amount);
/* NaN and infinities are refused; by exponential histograms also what is below zero. */
TS_API void ts_observe(ts_histogram histogram, double value);

/* The same, and the series' exemplar becomes this observation: 16 bytes of trace id and 8 of span id, nothing else, so
 * that nothing private can ride along. When another thread writes the same exemplar at this moment, this one is not
 * kept. Reads the clock. */
TS_API void ts_observe_traced(ts_histogram histogram, double value, const uint8_t trace_id[16],
                              const uint8_t span_id[8]);

/* Nanoseconds of a clock that only goes forward, and the seconds since one of its times. */
TS_API uint64_t ts_now_ns(void);
TS_API void ts_observe_since(ts_histogram histogram, uint64_t start_ns);

/* Gives this thread its shard ahead of its first value, so that not even that one makes a system call.
 * TS_FULL: all shards are taken; values count all the same, by atomic additions that threads share. */
TS_API ts_result ts_thread_attach(void);

/* ---- reading ---- */

typedef enum ts_format {
  TS_TEXT = 0,        /* text/plain; version=0.0.4; exponential histograms have a bucket an octave */
  TS_OPENMETRICS = 1, /* application/openmetrics-text; version=1.0.0; the same */
  TS_PROTOBUF = 2     /* delimited io.prometheus.client.MetricFamily; exponential histograms are native */
} ts_format;

/* Writes all series into `buffer`. `*used` is what was written, or what is needed with TS_TOO_SMALL (a little more may be
 * by the next call). Allocates nothing. Not a snapshot: values go on changing while it reads, each one is whole. */
TS_API ts_result ts_expose(ts_format format, char* buffer, size_t buffer_bytes, size_t* used);

/* The format an HTTP Accept header asks for; NULL for the text. */
TS_API ts_format ts_format_of_accept(const char* accept);
TS_API const char* ts_content_type(ts_format format);

/* Serves GET /metrics from a thread of its own, one request after the other, each with a second to come and to go.
 * `address` is IPv4, NULL for 127.0.0.1; port 0 picks one, which `*port_taken` (may be NULL) tells.
 * Errors: TS_NOT_STARTED, TS_INVALID, TS_SYSTEM, TS_CONFLICT when it serves already. Does not come along in a fork. */
TS_API ts_result ts_http_start(const char* address, uint16_t port, uint16_t* port_taken);
TS_API void ts_http_stop(void);

/* ---- what the inline calls use (tickscope/inline.h) ---- */

/* This thread's cells; NULL until it is attached. In the thread's own block, so that reading it calls nothing. */
extern TS_API __thread uint64_t* ts_thread_cells __attribute__((tls_model("initial-exec")));
/* Cells of gauges; NULL until ts_start. Does not change afterwards. */
extern TS_API uint64_t* ts_common_cells;

TS_API void ts_counter_add_slow(uint32_t cell, uint64_t amount);
TS_API void ts_double_counter_add_slow(uint32_t cell, double amount);
TS_API void ts_observe_slow(ts_histogram histogram, double value);

#ifdef __cplusplus
}
#endif

#endif
