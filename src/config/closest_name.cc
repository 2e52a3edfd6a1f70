#include "config/closest_name.h"

#include <algorithm>
#include <vector>

namespace tickscope::config {
namespace {

constexpr std::size_t kNameBytesMax = 64;

// Optimal string alignment distance over three rolling rows.
std::size_t TypingMistakes(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string ClosestName(std::string_view name, std::span<const std::string> candidates) {
  if (name.size() > kNameBytesMax) return "";
  std::string closest;
  std::size_t fewest = std::max<std::size_t>(name.size() / 3, 1) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kNameBytesMax) continue;
    const std::size_t mistakes = TypingMistakes(name, candidate);
    if (mistakes >= fewest) continue;
    fewest = mistakes;
    closest = candidate;
  }
  return closest;
}

}  // namespace tickscope::config
