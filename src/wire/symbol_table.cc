#include "wire/symbol_table.h"

#include <algorithm>
#include <cstddef>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tickscope::wire {
namespace {

constexpr std::size_t kFirstSlots = 1024;

}  // namespace

void SymbolTable::Clear() {
  symbols_.assign(1, std::string_view());
  hashes_.assign(1, 0);
  slots_.resize(std::max(slots_.size(), kFirstSlots));
  std::fill(slots_.begin(), slots_.end(), 0U);
}

std::uint32_t SymbolTable::Intern(std::string_view symbol) {
  if (symbol.empty()) return 0;
  const std::uint64_t hash = XXH3_64bits(symbol.data(), symbol.size());
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = static_cast<std::size_t>(hash) & mask;
  while (slots_[at] != 0) {
    const std::uint32_t number = slots_[at] - 1;
    if (hashes_[number] == hash && symbols_[number] == symbol) return number;
    at = (at + 1) & mask;
  }
  const auto number = static_cast<std::uint32_t>(symbols_.size());
  symbols_.push_back(symbol);
  hashes_.push_back(hash);
  slots_[at] = number + 1;
  if (symbols_.size() * 2 > slots_.size()) Grow();
  return number;
}

void SymbolTable::Grow() {
  slots_.assign(slots_.size() * 2, 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t number = 1; number < symbols_.size(); ++number) {
    std::size_t at = static_cast<std::size_t>(hashes_[number]) & mask;
    while (slots_[at] != 0)
      at = (at + 1) & mask;
    slots_[at] = number + 1;
  }
}

}  // namespace tickscope::wire
