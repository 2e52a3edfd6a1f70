/* Results in words, and what was wrong in particular. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "sdk.h"
#include "tickscope/inline.h"

static __thread char last_error[256];

const char* ts_result_text(ts_result result) {
  switch (result) {
    case TS_OK:
      return "fine";
    case TS_NOT_STARTED:
      return "the SDK is not started";
    case TS_INVALID:
      return "an argument that can never be taken";
    case TS_CONFLICT:
      return "the name is declared otherwise";
    case TS_FULL:
      return "no room left in the page";
    case TS_UNDECLARED:
      return "a label value that was not declared";
    case TS_SYSTEM:
      return "the operating system refused";
    case TS_TOO_SMALL:
      return "the buffer is too small";
  }
  return "an unknown result";
}

const char* ts_last_error(void) {
  return last_error;
}

ts_result ts_fail(ts_result result, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return result;
}

void ts_count_refused(ts_refusal why) {
  if (ts_common_cells == NULL || ts_the.refused.series_count == 0) return;
  __atomic_fetch_add(&ts_common_cells[ts_the.refused.first_cell + (uint32_t)why], 1, __ATOMIC_RELAXED);
}

uint64_t ts_unix_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

uint64_t ts_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* CRC32C a bit at a time: only registration and start use it. */
uint32_t ts_crc32c(const void* bytes, size_t size) {
  const unsigned char* at = bytes;
  uint32_t crc = 0xFFFFFFFFU;
  for (size_t i = 0; i < size; ++i) {
    crc ^= at[i];
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ (0x82F63B78U & (0U - (crc & 1U)));
  }
  return ~crc;
}
