/* All families into a buffer, and which format is asked for. */
#include "expose.h"

#include <stdlib.h>
#include <strings.h>

ts_result ts_expose(ts_format format, char* buffer, size_t buffer_bytes, size_t* used) {
  if (used == NULL || (buffer == NULL && buffer_bytes > 0)) return ts_fail(TS_INVALID, "nowhere to write to");
  *used = 0;
  if (ts_common_cells == NULL) return ts_fail(TS_NOT_STARTED, "ts_expose before ts_start");
  if (format != TS_TEXT && format != TS_OPENMETRICS && format != TS_PROTOBUF)
    return ts_fail(TS_INVALID, "no such format");
  ts_output out = {buffer, buffer_bytes, 0};
  const ts_reader reader = ts_open_reader();
  const uint64_t directory_used = __atomic_load_n(&ts_header()->directory_used, __ATOMIC_ACQUIRE);
  for (uint64_t at = 0; at < directory_used;) {
    ts_family_view view;
    if (!ts_view_family((const unsigned char*)ts_record_at(at), directory_used - at, &view))
      return ts_fail(TS_SYSTEM, "the page's directory is damaged");
    if (format == TS_PROTOBUF) {
      ts_expose_protobuf(&view, &reader, &out);
    } else {
      ts_expose_text(&view, &reader, format == TS_OPENMETRICS, &out);
    }
    at += view.record->record_bytes;
  }
  if (format == TS_OPENMETRICS) TS_PUT_LITERAL(&out, "# EOF\n");
  *used = out.used;
  if (out.used > out.capacity)
    return ts_fail(TS_TOO_SMALL, "%zu bytes are needed, there are %zu", out.used, out.capacity);
  return TS_OK;
}

const char* ts_content_type(ts_format format) {
  switch (format) {
    case TS_OPENMETRICS:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    case TS_PROTOBUF:
      return "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    default:
      return "text/plain; version=0.0.4; charset=utf-8";
  }
}

/* Whether the media range at `at` (up to a comma) begins with `type`, and has `parameter` when that is not NULL. */
static bool RangeIs(const char* at, const char* type, const char* parameter) {
  while (*at == ' ')
    ++at;
  if (strncasecmp(at, type, strlen(type)) != 0) return false;
  if (parameter == NULL) return true;
  for (; *at != '\0' && *at != ','; ++at)
    if (strncasecmp(at, parameter, strlen(parameter)) == 0) return true;
  return false;
}

/* The weight of the range in thousandths; 1000 when it says none. */
static int WeightOf(const char* at) {
  for (; *at != '\0' && *at != ','; ++at) {
    if (*at != ';') continue;
    const char* q = at + 1;
    while (*q == ' ')
      ++q;
    if ((q[0] != 'q' && q[0] != 'Q') || q[1] != '=') continue;
    q += 2;
    int weight = *q == '1' ? 1000 : 0;
    if ((*q == '0' || *q == '1') && q[1] == '.')
      for (int digit = 0, place = 100; digit < 3 && q[2 + digit] >= '0' && q[2 + digit] <= '9';
           ++digit, place /= 10)
        weight += (q[2 + digit] - '0') * place;
    return weight > 1000 ? 1000 : weight;
  }
  return 1000;
}

ts_format ts_format_of_accept(const char* accept) {
  ts_format best = TS_TEXT;
  int best_weight = 0;
  for (const char* at = accept; at != NULL && *at != '\0';) {
    const int weight = WeightOf(at);
    ts_format format = TS_TEXT;
    bool known = RangeIs(at, "text/plain", NULL) || RangeIs(at, "*/*", NULL);
    if (RangeIs(at, "application/openmetrics-text", NULL)) {
      known = true;
      format = TS_OPENMETRICS;
    } else if (RangeIs(at, "application/vnd.google.protobuf", "encoding=delimited")) {
      known = true;
      format = TS_PROTOBUF;
    }
    if (known && weight > best_weight) {
      best = format;
      best_weight = weight;
    }
    at = strchr(at, ',');
    if (at != NULL) ++at;
  }
  return best;
}
