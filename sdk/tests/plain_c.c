/* The headers in strict C11, with the inline calls. Exit status 0 when what it recorded is there. */
#include <stdio.h>
#include <string.h>

#include "tickscope/game.h"
#include "tickscope/inline.h"

int main(void) {
  const ts_options options = TS_OPTIONS_DEFAULT;
  if (ts_start(&options) != TS_OK) return 1;
  const char* const reasons[] = {"full", "timeout"};
  const ts_label reason = {"reason", reasons, 2};
  const ts_metric metric = {
      .type = TS_COUNTER, .name = "failures_total", .help = "Failures.", .labels = &reason, .label_count = 1};
  ts_family family;
  uint32_t series = 0;
  const char* const wanted[] = {"timeout"};
  if (ts_register(&metric, &family) != TS_OK || ts_series(family, wanted, &series) != TS_OK) return 2;
  ts_counter_add_inline(ts_counter_of(family, series), 2);
  ts_counter_add(ts_counter_of(family, series), 1);
  ts_game_tick(ts_game_open(0), 0.01);
  static char text[65536];
  size_t used = 0;
  if (ts_expose(TS_TEXT, text, sizeof text - 1, &used) != TS_OK) return 3;
  if (strstr(text, "failures_total{reason=\"timeout\"} 3\n") == NULL) return 4;
  if (strstr(text, "game_ticks_total 1\n") == NULL) return 5;
  ts_stop(0);
  return 0;
}
