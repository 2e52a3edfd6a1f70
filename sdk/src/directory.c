/* The directory: what the page's cells mean. Records are only ever added. */
#include <sched.h>

#include "check_metric.h"
#include "record_view.h"

static void LockPage(ts_page_header* header) {
  uint32_t free_lock = 0;
  while (!__atomic_compare_exchange_n(&header->register_lock, &free_lock, 1, false, __ATOMIC_ACQUIRE,
                                      __ATOMIC_RELAXED)) {
    free_lock = 0;
    sched_yield();
  }
}

static void UnlockPage(ts_page_header* header) {
  __atomic_store_n(&header->register_lock, 0, __ATOMIC_RELEASE);
}

static bool TextIs(ts_text text, const char* other) {
  if (other == NULL) other = "";
  return strlen(other) == text.size && memcmp(text.data, other, text.size) == 0;
}

/* "NAMEsuffix" == other? */
static bool TextWithSuffixIs(ts_text text, const char* suffix, ts_text other) {
  const size_t suffix_size = strlen(suffix);
  return other.size == text.size + suffix_size && memcmp(other.data, text.data, text.size) == 0 &&
         memcmp(other.data + text.size, suffix, suffix_size) == 0;
}

/* Whether two families would show as one to a reader: OpenMetrics names a counter without its _total. */
static bool NamesClash(ts_text a, bool a_counter, ts_text b, bool b_counter) {
  if (a.size == b.size && memcmp(a.data, b.data, a.size) == 0) return true;
  if (a_counter && !b_counter) return TextWithSuffixIs(b, "_total", a);
  if (b_counter && !a_counter) return TextWithSuffixIs(a, "_total", b);
  return false;
}

static bool IsCounter(uint32_t type) {
  return type == TS_COUNTER || type == TS_COUNTER_DOUBLE;
}

static bool SameLabels(const ts_family_view* view, const ts_metric* metric) {
  if (view->record->label_count != metric->label_count) return false;
  for (uint32_t i = 0; i < metric->label_count; ++i) {
    const ts_label* const label = &metric->labels[i];
    const ts_label_view* const other = &view->labels[i];
    if (other->value_count != label->value_count || !TextIs(other->name, label->name)) return false;
    const unsigned char* at = other->values;
    for (uint32_t k = 0; k < label->value_count; ++k)
      if (!TextIs(ts_next_text(&at), label->values[k])) return false;
  }
  return true;
}

static bool SameDeclaration(const ts_family_view* view, const ts_metric* metric,
                            const ts_family_record* wanted) {
  const ts_family_record* const have = view->record;
  if (have->type != wanted->type || have->cells_per_series != wanted->cells_per_series) return false;
  if (have->bound_count != wanted->bound_count || have->scale != wanted->scale) return false;
  if (have->first_index != wanted->first_index || (have->first_exemplar != 0) != (metric->exemplars != 0))
    return false;
  if (metric->type == TS_HISTOGRAM &&
      memcmp(view->bounds, metric->bounds, metric->bound_count * sizeof(double)) != 0)
    return false;
  return TextIs(view->unit, metric->unit) && SameLabels(view, metric);
}

static unsigned char* PutText(unsigned char* at, const char* text) {
  const uint16_t size = text == NULL ? 0 : (uint16_t)strlen(text);
  memcpy(at, &size, sizeof size);
  if (size > 0) memcpy(at + sizeof size, text, size);
  return at + sizeof size + size;
}

static size_t TextBytes(const char* text) {
  return 2 + (text == NULL ? 0 : strlen(text));
}

static size_t RecordBytes(const ts_metric* metric) {
  size_t bytes =
      sizeof(ts_family_record) + TextBytes(metric->name) + TextBytes(metric->unit) + TextBytes(metric->help);
  if (metric->type == TS_HISTOGRAM) bytes += metric->bound_count * sizeof(double);
  for (uint32_t i = 0; i < metric->label_count; ++i) {
    bytes += TextBytes(metric->labels[i].name) + 2;
    for (uint32_t k = 0; k < metric->labels[i].value_count; ++k)
      bytes += TextBytes(metric->labels[i].values[k]);
  }
  return (bytes + 7) / 8 * 8;
}

static void PutRecord(unsigned char* record, const ts_metric* metric, const ts_family_record* head) {
  memset(record, 0, head->record_bytes); /* a registration that a fork cut off may have left something */
  unsigned char* at = record + sizeof *head;
  if (metric->type == TS_HISTOGRAM) {
    memcpy(at, metric->bounds, metric->bound_count * sizeof(double));
    at += metric->bound_count * sizeof(double);
  }
  at = PutText(at, metric->name);
  at = PutText(at, metric->unit);
  at = PutText(at, metric->help);
  for (uint32_t i = 0; i < metric->label_count; ++i) {
    const uint16_t count = (uint16_t)metric->labels[i].value_count;
    at = PutText(at, metric->labels[i].name);
    memcpy(at, &count, sizeof count);
    at += sizeof count;
    for (uint32_t k = 0; k < count; ++k)
      at = PutText(at, metric->labels[i].values[k]);
  }
  ts_family_record* const in_page = (ts_family_record*)(void*)record;
  *in_page = *head;
  in_page->crc = ts_crc32c(record + offsetof(ts_family_record, kind),
                           head->record_bytes - offsetof(ts_family_record, kind));
}

static ts_result GiveFamily(const ts_family_record* record, uint64_t used, const double* bounds,
                            ts_family* family) {
  const ts_buckets* buckets = NULL;
  if (record->type == TS_HISTOGRAM) buckets = ts_buckets_of_bounds(bounds, record->bound_count);
  if (record->type == TS_EXPONENTIAL)
    buckets = ts_buckets_of_scale(record->scale, record->first_index, record->bound_count);
  if (record->type >= TS_HISTOGRAM && buckets == NULL)
    return ts_fail(TS_SYSTEM, "no memory for a histogram's bounds");
  *family = (ts_family){.type = record->type,
                        .first_cell = record->first_cell,
                        .cells_per_series = record->cells_per_series,
                        .series_count = record->series_count,
                        .first_exemplar = record->first_exemplar,
                        .record = (uint32_t)used,
                        .buckets = buckets};
  return TS_OK;
}

static ts_result AddRecord(const ts_metric* metric, ts_family_record* head, ts_family* family) {
  ts_page_header* const header = ts_header();
  const uint64_t used = header->directory_used;
  const uint64_t cells = (uint64_t)head->cells_per_series * head->series_count;
  const uint32_t exemplars = metric->exemplars != 0 && metric->type >= TS_HISTOGRAM ? head->series_count : 0;
  if (head->record_bytes > header->directory_bytes - used)
    return ts_fail(TS_FULL, "%s: %u bytes of directory left", metric->name,
                   (unsigned)(header->directory_bytes - used));
  if (cells > header->cells_per_shard - header->cells_used)
    return ts_fail(TS_FULL, "%s: wants %llu cells, %u are left", metric->name, (unsigned long long)cells,
                   header->cells_per_shard - header->cells_used);
  if (exemplars > header->exemplar_slots - header->exemplars_used)
    return ts_fail(TS_FULL, "%s: wants %u exemplars, %u are left", metric->name, exemplars,
                   header->exemplar_slots - header->exemplars_used);
  head->first_cell = header->cells_used;
  head->first_exemplar = exemplars > 0 ? header->exemplars_used + 1 : 0;
  unsigned char* const record = ts_the.page + header->directory_offset + used;
  const ts_result result = GiveFamily(head, used, metric->bounds, family);
  if (result != TS_OK) return result;
  PutRecord(record, metric, head);
  __atomic_store_n(&header->cells_used, header->cells_used + (uint32_t)cells, __ATOMIC_RELAXED);
  __atomic_store_n(&header->exemplars_used, header->exemplars_used + exemplars, __ATOMIC_RELAXED);
  __atomic_store_n(&header->directory_used, used + head->record_bytes, __ATOMIC_RELEASE);
  return TS_OK;
}

static ts_result FindOrAdd(const ts_metric* metric, ts_family_record* head, ts_family* family) {
  const ts_page_header* const header = ts_header();
  const ts_text name = {metric->name, (uint32_t)strlen(metric->name)};
  for (uint64_t used = 0; used < header->directory_used;) {
    ts_family_view view;
    if (!ts_view_family((const unsigned char*)ts_record_at(used), header->directory_used - used, &view))
      return ts_fail(TS_SYSTEM, "the page's directory is damaged at byte %llu", (unsigned long long)used);
    if (NamesClash(view.name, IsCounter(view.record->type), name, IsCounter(metric->type))) {
      if (!TextIs(view.name, metric->name) || !SameDeclaration(&view, metric, head))
        return ts_fail(TS_CONFLICT, "%s: %.*s is declared with another type, unit, bounds or labels",
                       metric->name, (int)view.name.size, view.name.data);
      return GiveFamily(view.record, used, view.bounds, family);
    }
    used += view.record->record_bytes;
  }
  return AddRecord(metric, head, family);
}

ts_result ts_register_locked(const ts_metric* metric, ts_family* family) {
  uint32_t series_count = 0;
  ts_result result = ts_check_metric(metric, &series_count);
  if (result != TS_OK) return result;
  ts_family_record head = {.kind = TS_RECORD_FAMILY,
                           .type = (uint8_t)metric->type,
                           .label_count = (uint8_t)metric->label_count,
                           .cells_per_series = 1,
                           .series_count = series_count};
  if (metric->type == TS_HISTOGRAM) head.bound_count = metric->bound_count;
  if (metric->type == TS_EXPONENTIAL) {
    uint32_t buckets = 0;
    result = ts_check_window(metric, &head.first_index, &buckets);
    if (result != TS_OK) return result;
    head.scale = (int8_t)metric->scale;
    head.bound_count = buckets + 1;
  }
  if (metric->type >= TS_HISTOGRAM) head.cells_per_series = 1 + head.bound_count + 1;
  head.record_bytes = (uint32_t)RecordBytes(metric);
  ts_page_header* const header = ts_header();
  LockPage(header);
  result = FindOrAdd(metric, &head, family);
  UnlockPage(header);
  return result;
}

ts_result ts_register(const ts_metric* metric, ts_family* family) {
  if (family == NULL) return ts_fail(TS_INVALID, "nowhere to put the family");
  memset(family, 0, sizeof *family);
  pthread_mutex_lock(&ts_the.lock);
  const ts_result result = ts_the.started ? ts_register_locked(metric, family)
                                          : ts_fail(TS_NOT_STARTED, "ts_register before ts_start");
  pthread_mutex_unlock(&ts_the.lock);
  if (result != TS_OK) ts_count_refused(TS_REFUSED_REGISTRATION);
  return result;
}

ts_result ts_series(ts_family family, const char* const* values, uint32_t* series) {
  if (series == NULL) return ts_fail(TS_INVALID, "nowhere to put the series");
  *series = UINT32_MAX;
  if (family.series_count == 0 || ts_the.page == NULL) return ts_fail(TS_INVALID, "no family");
  ts_family_view view;
  const uint64_t used = __atomic_load_n(&ts_header()->directory_used, __ATOMIC_ACQUIRE);
  if (family.record >= used ||
      !ts_view_family((const unsigned char*)ts_record_at(family.record), used - family.record, &view))
    return ts_fail(TS_INVALID, "no family");
  uint32_t number = 0;
  for (uint32_t i = 0; i < view.record->label_count; ++i) {
    const ts_label_view* const label = &view.labels[i];
    const char* const wanted = values == NULL ? NULL : values[i];
    const size_t size = wanted == NULL ? 0 : strnlen(wanted, TS_VALUE_BYTES_MAX + 1);
    const unsigned char* at = label->values;
    uint32_t k = 0;
    for (; k < label->value_count; ++k) {
      const ts_text value = ts_next_text(&at);
      if (value.size == size && memcmp(value.data, wanted, size) == 0) break;
    }
    if (k == label->value_count) {
      ts_count_refused(TS_REFUSED_UNDECLARED_VALUE);
      /* Not the value itself: it may be a player's name. */
      return ts_fail(TS_UNDECLARED, "%.*s: label %.*s has no such value", (int)view.name.size, view.name.data,
                     (int)label->name.size, label->name.data);
    }
    number = number * label->value_count + k;
  }
  *series = number;
  return TS_OK;
}

bool ts_directory_is_whole(const unsigned char* page) {
  const ts_page_header* const header = (const ts_page_header*)(const void*)page;
  const uint64_t directory_used = __atomic_load_n(&header->directory_used, __ATOMIC_ACQUIRE);
  if (directory_used > header->directory_bytes) return false;
  for (uint64_t used = 0; used < directory_used;) {
    const unsigned char* const record = page + header->directory_offset + used;
    ts_family_view view;
    if (!ts_view_family(record, directory_used - used, &view)) return false;
    const uint32_t crc = ts_crc32c(record + offsetof(ts_family_record, kind),
                                   view.record->record_bytes - offsetof(ts_family_record, kind));
    if (crc != view.record->crc) return false;
    used += view.record->record_bytes;
  }
  return true;
}
