#include "tsdb/symbol_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace tickscope::tsdb {
namespace {

constexpr std::size_t kFirstSlots = 1024;
constexpr std::size_t kBlockBytes = 64U << 10;

}  // namespace

SymbolTable::SymbolTable() : slots_(kFirstSlots, 0) {}

std::size_t SymbolTable::SlotOf(std::string_view text) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = XXH3_64bits(text.data(), text.size()) & mask;
  while (slots_[slot] != 0 && texts_[slots_[slot] - 1] != text)
    slot = (slot + 1) & mask;
  return slot;
}

Symbol SymbolTable::Intern(std::string_view text) {
  const std::size_t slot = SlotOf(text);
  if (slots_[slot] != 0) return static_cast<Symbol>(slots_[slot] - 1);
  texts_.push_back(Store(text));
  slots_[slot] = static_cast<std::uint32_t>(texts_.size());
  if (texts_.size() * 3 > slots_.size() * 2) Grow();
  return static_cast<Symbol>(texts_.size() - 1);
}

bool SymbolTable::Find(std::string_view text, Symbol& symbol) const {
  const std::size_t slot = SlotOf(text);
  if (slots_[slot] == 0) return false;
  symbol = static_cast<Symbol>(slots_[slot] - 1);
  return true;
}

void SymbolTable::Grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (std::size_t i = 0; i < texts_.size(); ++i)
    slots_[SlotOf(texts_[i])] = static_cast<std::uint32_t>(i + 1);
}

std::string_view SymbolTable::Store(std::string_view text) {
  if (block_size_ - block_used_ < text.size()) {
    block_size_ = std::max(kBlockBytes, text.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size_));
    block_used_ = 0;
    text_bytes_ += block_size_;
  }
  if (text.empty()) return {};
  char* const at = blocks_.back().get() + block_used_;
  std::memcpy(at, text.data(), text.size());
  block_used_ += text.size();
  return {at, text.size()};
}

std::size_t SymbolTable::bytes() const {
  return text_bytes_ + texts_.capacity() * sizeof(std::string_view) +
         slots_.capacity() * sizeof(std::uint32_t);
}

}  // namespace tickscope::tsdb
