/* Text 0.0.4 and OpenMetrics 1.0. They differ in a counter's name, in units and exemplars, and in the end.
 *
 * Neither has exponential histograms: those are shown with a bucket an octave, which are exact sums of theirs. */
#include <math.h>

#include "expose.h"

static void PutEscaped(ts_output* out, ts_text text, bool quotes) {
  uint32_t from = 0;
  for (uint32_t i = 0; i < text.size; ++i) {
    const char c = text.data[i];
    if (c != '\\' && c != '\n' && !(c == '"' && quotes)) continue;
    ts_put(out, text.data + from, i - from);
    TS_PUT_LITERAL(out, "\\");
    from = i;
    if (c == '\n') {
      TS_PUT_LITERAL(out, "n");
      from = i + 1;
    }
  }
  ts_put(out, text.data + from, text.size - from);
}

static const char* TypeName(uint32_t type) {
  if (type == TS_COUNTER || type == TS_COUNTER_DOUBLE) return "counter";
  return type == TS_GAUGE || type == TS_UP_DOWN ? "gauge" : "histogram";
}

static void PutHead(const ts_family_view* view, bool openmetrics, ts_output* out) {
  ts_text name = view->name;
  const char* const type = TypeName(view->record->type);
  if (openmetrics && type[0] == 'c') name.size -= (uint32_t)strlen("_total");
  TS_PUT_LITERAL(out, "# HELP ");
  ts_put_text(out, name);
  TS_PUT_LITERAL(out, " ");
  PutEscaped(out, view->help, openmetrics);
  TS_PUT_LITERAL(out, "\n# TYPE ");
  ts_put_text(out, name);
  TS_PUT_LITERAL(out, " ");
  ts_put(out, type, strlen(type));
  if (openmetrics && view->unit.size > 0) {
    TS_PUT_LITERAL(out, "\n# UNIT ");
    ts_put_text(out, name);
    TS_PUT_LITERAL(out, " ");
    ts_put_text(out, view->unit);
  }
  TS_PUT_LITERAL(out, "\n");
}

/* `a="x",b="y"` of series `series`. */
static void PutLabels(const ts_family_view* view, uint32_t series, ts_output* out) {
  uint32_t below = view->record->series_count;
  for (uint32_t i = 0; i < view->record->label_count; ++i) {
    const ts_label_view* const label = &view->labels[i];
    below /= label->value_count;
    if (i > 0) TS_PUT_LITERAL(out, ",");
    ts_put_text(out, label->name);
    TS_PUT_LITERAL(out, "=\"");
    PutEscaped(out, ts_label_value(label, series / below % label->value_count), true);
    TS_PUT_LITERAL(out, "\"");
  }
}

/* `name_suffix{labels} ` */
static void PutSeries(const ts_family_view* view, const char* suffix, ts_text labels, ts_output* out) {
  ts_put_text(out, view->name);
  ts_put(out, suffix, strlen(suffix));
  if (labels.size > 0) {
    TS_PUT_LITERAL(out, "{");
    ts_put_text(out, labels);
    TS_PUT_LITERAL(out, "}");
  }
  TS_PUT_LITERAL(out, " ");
}

static void PutExemplar(const ts_exemplar_slot* exemplar, double value, ts_output* out) {
  char trace_id[32];
  char span_id[16];
  ts_hex(exemplar->trace_id, sizeof exemplar->trace_id, trace_id);
  ts_hex(exemplar->span_id, sizeof exemplar->span_id, span_id);
  TS_PUT_LITERAL(out, " # {trace_id=\"");
  ts_put(out, trace_id, sizeof trace_id);
  TS_PUT_LITERAL(out, "\",span_id=\"");
  ts_put(out, span_id, sizeof span_id);
  TS_PUT_LITERAL(out, "\"} ");
  ts_put_double(out, value);
  TS_PUT_LITERAL(out, " ");
  ts_put_double(out, (double)(exemplar->unix_ns / 1000000) / 1000);
}

static void PutBucket(const ts_family_view* view, ts_text labels, double bound, uint64_t count,
                      ts_output* out) {
  ts_put_text(out, view->name);
  TS_PUT_LITERAL(out, "_bucket{");
  ts_put_text(out, labels);
  if (labels.size > 0) TS_PUT_LITERAL(out, ",");
  TS_PUT_LITERAL(out, "le=\"");
  ts_put_bound(out, bound);
  TS_PUT_LITERAL(out, "\"} ");
  ts_put_uint(out, count);
}

static bool IsOctave(const ts_family_record* record, uint32_t bucket) {
  return bucket >= record->bound_count ||
         (record->first_index - 1 + (int32_t)bucket) % (1 << record->scale) == 0;
}

static void PutHistogram(const ts_family_view* view, const ts_reader* reader, uint32_t series, ts_text labels,
                         bool openmetrics, ts_output* out) {
  const ts_family_record* const record = view->record;
  const uint32_t cell = record->first_cell + series * record->cells_per_series;
  ts_exemplar_slot exemplar;
  bool has_exemplar = openmetrics && record->first_exemplar != 0 &&
                      ts_read_exemplar(record->first_exemplar - 1 + series, &exemplar);
  double exemplar_value = 0;
  if (has_exemplar) memcpy(&exemplar_value, &exemplar.value_bits, sizeof exemplar_value);
  const double sum = ts_read_sum(reader, cell);
  uint64_t count = 0;
  for (uint32_t bucket = 0; bucket <= record->bound_count; ++bucket) {
    count += ts_read_count(reader, cell + 1 + bucket);
    if (record->type == TS_EXPONENTIAL && !IsOctave(record, bucket)) continue;
    double bound = HUGE_VAL;
    if (bucket < record->bound_count)
      bound = view->bounds != NULL
                  ? view->bounds[bucket]
                  : ldexp(1.0, (record->first_index - 1 + (int32_t)bucket) / (1 << record->scale));
    PutBucket(view, labels, bound, count, out);
    if (has_exemplar && exemplar_value <= bound) {
      PutExemplar(&exemplar, exemplar_value, out);
      has_exemplar = false;
    }
    TS_PUT_LITERAL(out, "\n");
  }
  PutSeries(view, "_sum", labels, out);
  ts_put_double(out, sum);
  TS_PUT_LITERAL(out, "\n");
  PutSeries(view, "_count", labels, out);
  ts_put_uint(out, count);
  TS_PUT_LITERAL(out, "\n");
}

void ts_expose_text(const ts_family_view* view, const ts_reader* reader, bool openmetrics, ts_output* out) {
  PutHead(view, openmetrics, out);
  /* Every byte of the values escaped, and names: all a family may have. */
  char room[TS_LABELS_MAX * (TS_NAME_BYTES_MAX + 2 * TS_VALUE_BYTES_MAX + 4)];
  for (uint32_t series = 0; series < view->record->series_count; ++series) {
    ts_output label_text = {room, sizeof room, 0};
    PutLabels(view, series, &label_text);
    const ts_text labels = {room, (uint32_t)label_text.used};
    if (view->record->type >= TS_HISTOGRAM) {
      PutHistogram(view, reader, series, labels, openmetrics, out);
      continue;
    }
    PutSeries(view, "", labels, out);
    ts_put_double(out, ts_read_scalar(reader, view->record->type, view->record->first_cell + series));
    TS_PUT_LITERAL(out, "\n");
  }
}
