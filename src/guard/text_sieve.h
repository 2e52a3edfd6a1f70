// TextSieve: where in a text something private may begin or be marked, 64 bytes at a time.
//
// Most bytes of a log line decide nothing. The sieve compares sixteen at once and keeps the others: the first digit of a
// row, letters that begin a secret's form, and marks (@ : = -). Who reads the text goes from one to the next.
//
// Invariants   V1 what is left out begins nothing: a walk that stops at every byte finds the same (pii_scanner_test).
// Threads      None shared.
// Cost         About a cycle a byte where the processor has SSE2, which all of x86-64 have; elsewhere a lookup a byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tickscope::guard {

class TextSieve {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};

  /// `text` outlives the sieve.
  explicit TextSieve(std::string_view text) : text_(text) {}

  /// The first place at or behind `from` that is kept; kNone when there is none. `from` never goes back.
  [[nodiscard]] std::size_t Next(std::size_t from) {
    while (true) {
      if (from < end_) {
        const std::uint64_t rest = kept_ & (~std::uint64_t{0} << (from - begin_));
        if (rest != 0) return begin_ + static_cast<std::size_t>(__builtin_ctzll(rest));
        from = end_;
      }
      if (from >= text_.size()) return kNone;
      Load(from);
    }
  }

 private:
  static constexpr std::size_t kBlock = 64;

  // Sieves the block at `begin`.
  void Load(std::size_t begin);

  const std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t kept_ = 0;  // Bit i for byte begin_ + i.
};

}  // namespace tickscope::guard
