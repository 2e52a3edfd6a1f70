// What is in a push request, for tests: decoded apart from the encoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tickscope::logs {

struct PushedEntry {
  std::string labels;
  std::int64_t time_ns = 0;
  std::string line;
  std::string metadata;  ///< "name=value name=value"
};

/// Requires: a message that is whole.
[[nodiscard]] std::vector<PushedEntry> PushedEntries(std::string_view message);

}  // namespace tickscope::logs
