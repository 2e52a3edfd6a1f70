// SymbolTable: numbers strings in order of first use, as the symbols of a remote-write 2.0 request.
//
// Symbol 0 is the empty string. Strings are borrowed until Clear.
// Threads   Externally locked.
// Cost      One hash and usually one comparison a string; no allocation once grown to a request's size.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tickscope::wire {

class SymbolTable {
 public:
  SymbolTable() { Clear(); }

  /// Forgets all but the empty string; keeps the memory.
  void Clear();
  /// The number of `symbol`, new or known.
  [[nodiscard]] std::uint32_t Intern(std::string_view symbol);
  /// All symbols by number.
  [[nodiscard]] std::span<const std::string_view> symbols() const { return symbols_; }

 private:
  void Grow();

  std::vector<std::string_view> symbols_;
  std::vector<std::uint64_t> hashes_;  // By number.
  std::vector<std::uint32_t> slots_;   // Open addressing, a power of two; number + 1, 0 for free.
};

}  // namespace tickscope::wire
