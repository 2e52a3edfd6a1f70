/* The same in C, with calls and with inline calls. */
#include <stdio.h>
#include <tickscope/game.h>
#include <tickscope/inline.h>

int main(int argc, char** argv) {
  ts_options options = TS_OPTIONS_DEFAULT;
  options.directory = argc > 1 ? argv[1] : ".";
  options.name = "c-game";
  if (ts_start(&options) != TS_OK) return 1;
  const ts_game* const game = ts_game_open(1.0 / 60);
  const char* const schools[] = {"fire", "frost"};
  const ts_label school = {"school", schools, 2};
  const ts_metric metric = {.type = TS_COUNTER,
                            .name = "game_spells_total",
                            .help = "Spells cast.",
                            .labels = &school,
                            .label_count = 1};
  ts_family family;
  if (ts_register(&metric, &family) != TS_OK) return 1;
  const ts_counter fire = ts_counter_of(family, 0);
  for (int i = 0; i < 100; ++i) {
    ts_game_tick(game, 0.001);
    ts_counter_add(fire, 1);
    ts_counter_add_inline(fire, 1);
  }
  puts(ts_page_path());
  ts_stop(1);
  return 0;
}
