/* A record of the directory, taken apart. Texts and bounds point into the page. */
#ifndef TICKSCOPE_SRC_RECORD_VIEW_H_
#define TICKSCOPE_SRC_RECORD_VIEW_H_

#include <string.h>

#include "sdk.h"

typedef struct ts_text {
  const char* data;
  uint32_t size;
} ts_text;

typedef struct ts_label_view {
  ts_text name;
  uint32_t value_count;
  const unsigned char* values; /* each a u16 length and its bytes */
} ts_label_view;

typedef struct ts_family_view {
  const ts_family_record* record;
  const double* bounds; /* TS_HISTOGRAM */
  ts_text name;
  ts_text unit;
  ts_text help;
  ts_label_view labels[TS_LABELS_MAX];
} ts_family_view;

/* False when the record does not hold together within `available` bytes. */
bool ts_view_family(const unsigned char* record, uint64_t available, ts_family_view* view);

/* The text at `*at`, which moves behind it. Only for what ts_view_family has gone through. */
static inline ts_text ts_next_text(const unsigned char** at) {
  uint16_t size;
  memcpy(&size, *at, sizeof size);
  const ts_text text = {(const char*)(*at + sizeof size), size};
  *at += sizeof size + size;
  return text;
}

/* Value number `index` of a label. */
ts_text ts_label_value(const ts_label_view* label, uint32_t index);

#endif
