// As engines compile it: C++17, no exceptions, no RTTI. Exit status 0 when what it recorded is there.
#include <string>

#include "tickscope/game.hpp"
#include "tickscope/tickscope.hpp"

int main() {
  namespace ts = tickscope::sdk;
  if (ts::Start({}) != TS_OK) return 1;
  enum class Mode : std::uint32_t { kRanked, kCasual };
  const auto matches = ts::RegisterCounters({"matches_total", "Matches."}, {{"mode", {"ranked", "casual"}}});
  matches.At(Mode::kCasual).Add(3);
  const ts::Histogram load = ts::RegisterExponential({"load_seconds", "Map load.", "seconds"}).At();
  {
    const ts::ScopedTimer timer(load);
  }
  const ts::Game game;
  {
    const ts::TickTimer tick(game);
  }
  const std::string text = ts::Expose(TS_TEXT);
  const bool good = text.find("matches_total{mode=\"casual\"} 3\n") != std::string::npos &&
                    text.find("load_seconds_count 1\n") != std::string::npos &&
                    text.find("game_ticks_total 1\n") != std::string::npos;
  ts::Stop();
  return good ? 0 : 2;
}
