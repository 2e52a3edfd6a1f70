/* Bounds, made ready to be found by the bits of a value.
 *
 * A double above zero orders as its bits do. The bits right of `shift` cut off, what is left names a segment: an octave in
 * 2^r equal parts. r is the least with which no segment has two bounds within; then a segment knows the first bucket that
 * it reaches, and one comparison decides between it and the next. Bounds for which no such table of bearable size
 * exists are searched (ts_observe_slow). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sdk.h"

enum { kFractionBits = 52, kSegmentBitsMax = 9, kSegmentsMax = 8192 };

typedef struct kept {
  ts_buckets buckets;
  struct kept* next;
} kept;

static kept* all_kept; /* under ts_the.lock; in memory as long as the process, for handles may be */

static uint64_t BitsOf(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Whether no segment has two bounds within, with 2^r segments an octave. A bound at a segment's very end is not within. */
static bool OneEach(const double* bounds, uint32_t count, uint32_t shift) {
  uint64_t before = UINT64_MAX;
  for (uint32_t i = 0; i < count; ++i) {
    if (bounds[i] <= 0) continue;
    const uint64_t bits = BitsOf(bounds[i]);
    if ((bits & ((UINT64_C(1) << shift) - 1)) == 0) continue;
    if (bits >> shift == before) return false;
    before = bits >> shift;
  }
  return true;
}

static void MakeTable(ts_buckets* buckets, ts_segment* segments) {
  uint32_t bound = 0;
  for (uint64_t i = 0; i < buckets->segment_count; ++i) {
    const uint64_t start = (buckets->first_segment + i) << buckets->shift;
    while (bound < buckets->bound_count &&
           (buckets->bounds[bound] <= 0 || BitsOf(buckets->bounds[bound]) <= start))
      ++bound;
    segments[i].bucket = bound;
    segments[i].bound_bits = bound < buckets->bound_count ? BitsOf(buckets->bounds[bound]) : UINT64_MAX;
  }
}

static const ts_buckets* Make(const double* bounds, uint32_t count, bool exponential, int32_t scale,
                              int32_t first_index) {
  for (kept* one = all_kept; one != NULL; one = one->next) {
    const ts_buckets* b = &one->buckets;
    if (b->bound_count == count && b->exponential == exponential && b->scale == scale &&
        memcmp(b->bounds, bounds, count * sizeof *bounds) == 0)
      return b;
  }
  kept* made = calloc(1, sizeof *made);
  double* own_bounds = calloc(count + 1U, sizeof *own_bounds);
  if (made == NULL || own_bounds == NULL) {
    free(made);
    free(own_bounds);
    return NULL;
  }
  ts_buckets* const b = &made->buckets;
  memcpy(own_bounds, bounds, count * sizeof *bounds);
  uint32_t first_positive = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (bounds[i] <= 0) first_positive = i + 1;
  }
  b->bound_count = count;
  b->bounds = own_bounds;
  b->exponential = exponential;
  b->scale = scale;
  b->first_index = first_index;
  for (uint32_t r = 0; first_positive < count && r <= kSegmentBitsMax; ++r) {
    const uint32_t shift = kFractionBits - r;
    const uint64_t first = (BitsOf(bounds[first_positive]) - 1) >> shift;
    const uint64_t last = BitsOf(bounds[count - 1]) >> shift;
    if (last - first >= kSegmentsMax) break;
    if (!OneEach(bounds, count, shift)) continue;
    ts_segment* const segments = calloc(last - first + 1, sizeof *segments);
    if (segments == NULL) break;
    b->shift = shift;
    b->first_segment = first;
    b->segment_count = last - first + 1;
    b->segments = segments;
    MakeTable(b, segments);
    break;
  }
  made->next = all_kept;
  all_kept = made;
  return b;
}

const ts_buckets* ts_buckets_of_bounds(const double* bounds, uint32_t count) {
  return Make(bounds, count, false, 0, 0);
}

const ts_buckets* ts_buckets_of_scale(int32_t scale, int32_t first_index, uint32_t count) {
  double bounds[TS_EXPONENTIAL_BUCKETS_MAX + 1];
  for (uint32_t i = 0; i < count; ++i) {
    /* Whole octaves exactly; in between as Prometheus has them, the nearest double. */
    const int32_t index = first_index - 1 + (int32_t)i;
    const int32_t parts = 1 << scale;
    const int32_t octave = (index >= 0 ? index : index - parts + 1) / parts;
    const int32_t part = index - octave * parts;
    bounds[i] = ldexp(part == 0 ? 1.0 : exp2((double)part / parts), octave);
  }
  return Make(bounds, count, true, scale, first_index);
}
