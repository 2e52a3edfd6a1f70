// SymbolTable: each distinct string once, known by a number.
//
// Labels repeat: 1.5 M series of a fleet hold about 13.5 M label texts but some thousands of distinct ones.
//
// Invariants   Y1 a symbol's text never moves or changes.
//              Y2 symbols are dense, from 0, in order of first sight.
// Threads      Externally locked; texts, once given out, may be read without.
// Memory       The text, 16 bytes a symbol and about 8 for the hash slot.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace tickscope::tsdb {

enum class Symbol : std::uint32_t {};

class SymbolTable {
 public:
  SymbolTable();
  SymbolTable(const SymbolTable&) = delete;
  SymbolTable& operator=(const SymbolTable&) = delete;

  /// The symbol of `text`, new if need be.
  [[nodiscard]] Symbol Intern(std::string_view text);
  /// The symbol of `text` if it is known; false otherwise.
  [[nodiscard]] bool Find(std::string_view text, Symbol& symbol) const;
  /// Lives as long as the table.
  [[nodiscard]] std::string_view Text(Symbol symbol) const {
    return texts_[static_cast<std::size_t>(symbol)];
  }
  [[nodiscard]] std::size_t size() const { return texts_.size(); }
  /// Bytes held, texts and tables.
  [[nodiscard]] std::size_t bytes() const;

 private:
  [[nodiscard]] std::size_t SlotOf(std::string_view text) const;
  void Grow();
  [[nodiscard]] std::string_view Store(std::string_view text);

  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> slots_;  // Open addressing; symbol + 1, 0 is free.
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_used_ = 0;
  std::size_t block_size_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace tickscope::tsdb
