/* Output: bytes into a caller's buffer, counted on past its end, so that one run tells how much is needed. */
#ifndef TICKSCOPE_SRC_OUTPUT_H_
#define TICKSCOPE_SRC_OUTPUT_H_

#include <string.h>

#include "record_view.h"

typedef struct ts_output {
  char* data;
  size_t capacity;
  size_t used; /* above capacity: what is needed */
} ts_output;

static inline void ts_put(ts_output* out, const void* bytes, size_t size) {
  if (out->used <= out->capacity && size <= out->capacity - out->used)
    memcpy(out->data + out->used, bytes, size);
  out->used += size;
}
#define TS_PUT_LITERAL(out, literal) ts_put((out), (literal), sizeof(literal) - 1)
static inline void ts_put_text(ts_output* out, ts_text text) {
  ts_put(out, text.data, text.size);
}

/* The shortest decimal within reach that parses to the same double; "NaN", "+Inf", "-Inf". */
void ts_put_double(ts_output* out, double value);
/* The same with ".0" behind whole numbers, as OpenMetrics writes bounds. */
void ts_put_bound(ts_output* out, double value);
void ts_put_uint(ts_output* out, uint64_t value);

#endif
