// The game code of page_test's hot reload: it has its own copy of the library.
#include "tickscope/tickscope.hpp"

extern "C" __attribute__((visibility("default"))) int Play(const char* directory, unsigned amount) {
  namespace ts = tickscope::sdk;
  ts::Options options;
  options.directory = directory;
  if (const ts_result result = ts::Start(options); result != TS_OK) return result;
  const auto family = ts::RegisterCounters({"reloaded_total", "Help."}, {{"x", {"p", "q"}}});
  family.At(1U).Add(amount);
  return family.result();
}
