#include "record_view.h"

/* As ts_next_text, for bytes that are not trusted yet. */
static bool TakeText(const unsigned char** at, const unsigned char* end, ts_text* text) {
  if (end - *at < 2) return false;
  uint16_t size;
  memcpy(&size, *at, sizeof size);
  if (end - *at - 2 < (ptrdiff_t)size) return false;
  *text = ts_next_text(at);
  return true;
}

static bool TakeLabel(const unsigned char** at, const unsigned char* end, ts_label_view* label) {
  uint16_t count;
  if (!TakeText(at, end, &label->name) || end - *at < 2) return false;
  memcpy(&count, *at, sizeof count);
  *at += sizeof count;
  label->value_count = count;
  label->values = *at;
  for (uint32_t i = 0; i < count; ++i) {
    ts_text value;
    if (!TakeText(at, end, &value)) return false;
  }
  return true;
}

bool ts_view_family(const unsigned char* record, uint64_t available, ts_family_view* view) {
  if (available < sizeof(ts_family_record)) return false;
  const ts_family_record* const head = (const ts_family_record*)(const void*)record;
  if (head->record_bytes > available || head->record_bytes < sizeof *head || head->record_bytes % 8 != 0)
    return false;
  if (head->label_count > TS_LABELS_MAX) return false;
  const unsigned char* at = record + sizeof *head;
  const unsigned char* const end = record + head->record_bytes;
  view->record = head;
  view->bounds = NULL;
  if (head->type == TS_HISTOGRAM) {
    if (head->bound_count > TS_BOUNDS_MAX || (uint64_t)(end - at) < head->bound_count * sizeof(double))
      return false;
    view->bounds = (const double*)(const void*)at;
    at += head->bound_count * sizeof(double);
  }
  if (!TakeText(&at, end, &view->name) || !TakeText(&at, end, &view->unit) ||
      !TakeText(&at, end, &view->help))
    return false;
  for (uint32_t i = 0; i < head->label_count; ++i)
    if (!TakeLabel(&at, end, &view->labels[i])) return false;
  return true;
}

ts_text ts_label_value(const ts_label_view* label, uint32_t index) {
  const unsigned char* at = label->values;
  ts_text value = ts_next_text(&at);
  for (uint32_t i = 0; i < index; ++i)
    value = ts_next_text(&at);
  return value;
}
