// A game of a studio: what is installed, and nothing else of us.
#include <cstdio>
#include <tickscope/game.hpp>

namespace ts = tickscope::sdk;

int main(int argc, char** argv) {
  ts::Options options;
  options.directory = argc > 1 ? argv[1] : ".";
  options.name = "cpp-game";
  if (ts::Start(options) != TS_OK) return 1;
  const ts::Game game(1.0 / 60);
  const auto casts =
      ts::RegisterCounters({"game_spells_total", "Spells cast."}, {{"school", {"fire", "frost"}}});
  const ts::Counter fire = casts.With({"fire"});
  for (int i = 0; i < 100; ++i) {
    const ts::TickTimer timer(game);
    fire.Add(2);
  }
  std::puts(ts_page_path());
  ts::Stop(true);
  return 0;
}
