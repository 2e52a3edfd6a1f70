#include "guard/label_budgets.h"

#include <bit>

namespace tickscope::guard {
namespace {

constexpr std::size_t kSlotsMin = 64;

std::uint64_t KeyOf(const BudgetedValue& value) {
  return value.set ^ std::rotl(value.value, 32);
}

// An element that is free, or a new one.
template <typename Element>
std::uint32_t Take(std::vector<Element>& elements, std::vector<std::uint32_t>& free) {
  if (free.empty()) {
    elements.emplace_back();
    return static_cast<std::uint32_t>(elements.size() - 1);
  }
  const std::uint32_t index = free.back();
  free.pop_back();
  elements[index] = Element{};
  return index;
}

template <typename Element>
std::size_t BytesOf(const std::vector<Element>& elements) {
  return elements.capacity() * sizeof(Element);
}

}  // namespace

std::size_t LabelBudgets::SlotOf(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = key & mask;
  while (slots_[slot] != 0 && entries_[slots_[slot] - 1].key != key)
    slot = (slot + 1) & mask;
  return slot;
}

bool LabelBudgets::IsHeld(const BudgetedValue& value) const {
  return !slots_.empty() && slots_[SlotOf(KeyOf(value))] != 0;
}

bool LabelBudgets::HasRoom(const BudgetedValue& value) const {
  if (IsHeld(value)) return true;
  const auto set = set_numbers_.find(value.set);
  return (set == set_numbers_.end() ? 0 : sets_[set->second].values) < value.budget;
}

void LabelBudgets::Hold(std::uint32_t series, const BudgetedValue& value) {
  if ((size() + 1) * 4 > slots_.size() * 3) Grow();
  const std::uint64_t key = KeyOf(value);
  const std::uint32_t known = slots_[SlotOf(key)];
  const std::uint32_t entry = known != 0 ? known - 1 : AddEntry(key, value.set);
  ++entries_[entry].series;
  if (series >= first_links_.size()) first_links_.resize(series + 1);
  const std::uint32_t link = Take(links_, free_links_);
  links_[link] = {entry, first_links_[series]};
  first_links_[series] = link + 1;
}

std::uint32_t LabelBudgets::AddEntry(std::uint64_t key, std::uint64_t set) {
  const std::size_t slot = SlotOf(key);
  const std::uint32_t entry = Take(entries_, free_entries_);
  const auto [number, is_new] = set_numbers_.try_emplace(set, 0);
  if (is_new) {
    number->second = Take(sets_, free_sets_);
    sets_[number->second].key = set;
  }
  ++sets_[number->second].values;
  entries_[entry] = {key, number->second, 0};
  slots_[slot] = entry + 1;
  return entry;
}

void LabelBudgets::Release(std::uint32_t series) {
  if (series >= first_links_.size()) return;
  for (std::uint32_t next = first_links_[series]; next != 0;) {
    const std::uint32_t link = next - 1;
    next = links_[link].next;
    const std::uint32_t entry = links_[link].entry;
    free_links_.push_back(link);
    if (--entries_[entry].series == 0) EraseEntry(entry);
  }
  first_links_[series] = 0;
}

void LabelBudgets::EraseEntry(std::uint32_t entry) {
  FreeSlot(SlotOf(entries_[entry].key));
  const std::uint32_t number = entries_[entry].set;
  if (--sets_[number].values == 0) {
    set_numbers_.erase(sets_[number].key);
    free_sets_.push_back(number);
  }
  free_entries_.push_back(entry);
}

// What stands behind the slot and would not be found past a gap moves up.
void LabelBudgets::FreeSlot(std::size_t slot) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = (slot + 1) & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const std::size_t home = entries_[slots_[at] - 1].key & mask;
    if (((at - home) & mask) < ((at - slot) & mask)) continue;
    slots_[slot] = slots_[at];
    slot = at;
  }
  slots_[slot] = 0;
}

void LabelBudgets::Grow() {
  const std::vector<std::uint32_t> before = std::move(slots_);
  slots_.assign(before.empty() ? kSlotsMin : before.size() * 2, 0);
  for (const std::uint32_t slot : before) {
    if (slot != 0) slots_[SlotOf(entries_[slot - 1].key)] = slot;
  }
}

void LabelBudgets::Clear() {
  *this = LabelBudgets();
}

std::size_t LabelBudgets::bytes() const {
  constexpr std::size_t kMapNodeBytes = 40;
  return BytesOf(entries_) + BytesOf(free_entries_) + BytesOf(slots_) + BytesOf(sets_) + BytesOf(free_sets_) +
         BytesOf(links_) + BytesOf(free_links_) + BytesOf(first_links_) + set_numbers_.size() * kMapNodeBytes;
}

}  // namespace tickscope::guard
