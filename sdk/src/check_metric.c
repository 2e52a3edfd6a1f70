/* What a declaration must be. Lengths are measured no further than their limit, so a text of a megabyte costs nothing. */
#include "check_metric.h"

#include <math.h>
#include <string.h>

static bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool IsName(const char* name, size_t size, bool colons) {
  if (size == 0) return false;
  for (size_t i = 0; i < size; ++i) {
    const bool digit = name[i] >= '0' && name[i] <= '9' && i > 0;
    if (!IsLetter(name[i]) && !digit && !(colons && name[i] == ':')) return false;
  }
  return true;
}

/* UTF-8 as RFC 3629 has it: shortest forms, no surrogates, nothing above U+10FFFF. No control characters but newline. */
static bool IsUtf8Text(const char* text, size_t size) {
  const unsigned char* at = (const unsigned char*)text;
  const unsigned char* const end = at + size;
  while (at < end) {
    const unsigned char lead = *at++;
    if (lead < 0x80) {
      if ((lead < 0x20 && lead != '\n') || lead == 0x7F) return false;
      continue;
    }
    const int more = lead >= 0xC2 && lead <= 0xDF   ? 1
                     : lead >= 0xE0 && lead <= 0xEF ? 2
                     : lead >= 0xF0 && lead <= 0xF4 ? 3
                                                    : 0;
    if (more == 0 || end - at < more) return false;
    const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (at[0] < low || at[0] > high) return false;
    for (int i = 1; i < more; ++i)
      if (at[i] < 0x80 || at[i] > 0xBF) return false;
    at += more;
  }
  return true;
}

static bool EndsWith(const char* text, size_t size, const char* ending, size_t ending_size) {
  return size > ending_size && memcmp(text + size - ending_size, ending, ending_size) == 0;
}

static ts_result CheckLabel(const ts_metric* metric, uint32_t number) {
  const ts_label* const label = &metric->labels[number];
  const size_t size = label->name == NULL ? 0 : strnlen(label->name, TS_NAME_BYTES_MAX + 1);
  if (size > TS_NAME_BYTES_MAX || !IsName(label->name, size, false) || strncmp(label->name, "__", 2) == 0)
    return ts_fail(TS_INVALID, "%s: label %u has no good name", metric->name, number);
  if (metric->type >= TS_HISTOGRAM && strcmp(label->name, "le") == 0)
    return ts_fail(TS_INVALID, "%s: le is the histogram's own label", metric->name);
  for (uint32_t i = 0; i < number; ++i)
    if (strcmp(metric->labels[i].name, label->name) == 0)
      return ts_fail(TS_INVALID, "%s: label %s is there twice", metric->name, label->name);
  if (label->value_count == 0 || label->value_count > TS_SERIES_MAX || label->values == NULL)
    return ts_fail(TS_INVALID, "%s: label %s wants 1 to %d values", metric->name, label->name, TS_SERIES_MAX);
  for (uint32_t i = 0; i < label->value_count; ++i) {
    const char* const value = label->values[i];
    const size_t value_size = value == NULL ? 0 : strnlen(value, TS_VALUE_BYTES_MAX + 1);
    if (value_size == 0 || value_size > TS_VALUE_BYTES_MAX || !IsUtf8Text(value, value_size))
      return ts_fail(TS_INVALID, "%s: value %u of label %s wants 1 to %d bytes of UTF-8", metric->name, i,
                     label->name, TS_VALUE_BYTES_MAX);
    for (uint32_t k = 0; k < i; ++k)
      if (strcmp(label->values[k], value) == 0)
        return ts_fail(TS_INVALID, "%s: value %u of label %s is there twice", metric->name, i, label->name);
  }
  return TS_OK;
}

static ts_result CheckBounds(const ts_metric* metric) {
  if (metric->bounds == NULL || metric->bound_count == 0 || metric->bound_count > TS_BOUNDS_MAX)
    return ts_fail(TS_INVALID, "%s: a histogram wants 1 to %d bounds", metric->name, TS_BOUNDS_MAX);
  for (uint32_t i = 0; i < metric->bound_count; ++i)
    if (!isfinite(metric->bounds[i]) || (i > 0 && !(metric->bounds[i] > metric->bounds[i - 1])))
      return ts_fail(TS_INVALID, "%s: bound %u is not finite and above the one before", metric->name, i);
  return TS_OK;
}

static ts_result CheckUnit(const ts_metric* metric, size_t size) {
  if (metric->unit == NULL || metric->unit[0] == '\0') return TS_OK;
  const size_t unit_size = strnlen(metric->unit, TS_NAME_BYTES_MAX + 1);
  const bool counter = metric->type == TS_COUNTER || metric->type == TS_COUNTER_DOUBLE;
  const size_t stem = size - (counter ? strlen("_total") : 0);
  if (unit_size > TS_NAME_BYTES_MAX || !IsName(metric->unit, unit_size, true) ||
      !EndsWith(metric->name, stem, metric->unit, unit_size) || metric->name[stem - unit_size - 1] != '_')
    return ts_fail(TS_INVALID, "%s: the unit is not the name's last word", metric->name);
  return TS_OK;
}

ts_result ts_check_metric(const ts_metric* metric, uint32_t* series_count) {
  if (metric == NULL || metric->type < TS_COUNTER || metric->type > TS_EXPONENTIAL)
    return ts_fail(TS_INVALID, "no such type of metric");
  const size_t size = metric->name == NULL ? 0 : strnlen(metric->name, TS_NAME_BYTES_MAX + 1);
  if (size > TS_NAME_BYTES_MAX || !IsName(metric->name, size, true))
    return ts_fail(TS_INVALID, "a name wants 1 to %d letters, digits and underscores", TS_NAME_BYTES_MAX);
  const bool counter = metric->type == TS_COUNTER || metric->type == TS_COUNTER_DOUBLE;
  if (counter != EndsWith(metric->name, size, "_total", strlen("_total")))
    return ts_fail(TS_INVALID, "%s: names of counters, and no others, end in _total", metric->name);
  static const char* const reserved[] = {"_bucket", "_sum", "_count", "_created", "_info"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; ++i)
    if (EndsWith(metric->name, size, reserved[i], strlen(reserved[i])))
      return ts_fail(TS_INVALID, "%s: %s is an ending that formats give a meaning", metric->name,
                     reserved[i]);
  const size_t help_size = metric->help == NULL ? 0 : strnlen(metric->help, TS_HELP_BYTES_MAX + 1);
  if (help_size == 0 || help_size > TS_HELP_BYTES_MAX || !IsUtf8Text(metric->help, help_size))
    return ts_fail(TS_INVALID, "%s: help wants 1 to %d bytes of UTF-8", metric->name, TS_HELP_BYTES_MAX);
  if (metric->label_count > TS_LABELS_MAX || (metric->label_count > 0 && metric->labels == NULL))
    return ts_fail(TS_INVALID, "%s: at most %d labels", metric->name, TS_LABELS_MAX);
  ts_result result = CheckUnit(metric, size);
  uint64_t series = 1;
  for (uint32_t i = 0; result == TS_OK && i < metric->label_count; ++i) {
    result = CheckLabel(metric, i);
    series *= metric->labels[i].value_count;
    if (result == TS_OK && series > TS_SERIES_MAX)
      result =
          ts_fail(TS_INVALID, "%s: its labels' values make more than %d series", metric->name, TS_SERIES_MAX);
  }
  if (result == TS_OK && metric->type == TS_HISTOGRAM) result = CheckBounds(metric);
  *series_count = (uint32_t)series;
  return result;
}

ts_result ts_check_window(const ts_metric* metric, int32_t* first_index, uint32_t* bucket_count) {
  const double least = metric->least == 0 ? 0x1p-20 : metric->least;
  const double most = metric->most == 0 ? 0x1p12 : metric->most;
  if (metric->scale < 0 || metric->scale > TS_SCALE_MAX)
    return ts_fail(TS_INVALID, "%s: scale wants 0 to %d", metric->name, TS_SCALE_MAX);
  if (!(least > 0x1p-900) || !(most < 0x1p900) || !(least < most))
    return ts_fail(TS_INVALID, "%s: want 0 < least < most", metric->name);
  const double parts = (double)(1 << metric->scale);
  /* The nearest bounds of whole parts, outward. */
  const double low = floor(log2(least) * parts);
  const double high = ceil(log2(most) * parts);
  if (high - low > TS_EXPONENTIAL_BUCKETS_MAX)
    return ts_fail(TS_INVALID, "%s: %g buckets from least to most, want at most %d", metric->name, high - low,
                   TS_EXPONENTIAL_BUCKETS_MAX);
  *first_index = (int32_t)low + 1;
  *bucket_count = (uint32_t)(high - low);
  return TS_OK;
}
