// TextSieve: where in a text something private may begin or be marked, tens of bytes at a time.
//
// Most bytes of a log line decide nothing. The sieve makes a bit of each byte for each class it may be of, many bytes
// at once, and looks for the least that each form has: six digits in a row or with something between, five colons three
// apart, thirteen characters of base64, an @. What is left are a few places a line, and the walk (text_walk.h) reads
// those only.
//
// Invariants   V1 what is left out begins nothing: a walk that stops at every byte finds the same (pii_scanner_test).
// Threads      None shared.
// Cost         About two cycles a byte on x86-64; elsewhere a lookup a byte.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "guard/byte_masks.h"
#include "guard/pii_finding.h"

namespace tickscope::guard {

class TextSieve {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};

  /// `text` outlives the sieve. What is of other kinds than `kinds` may be left out.
  TextSieve(std::string_view text, PiiKinds kinds) : text_(text), kinds_(kinds) {}

  /// The first place at or behind `from` that is kept; kNone when there is none. `from` never goes back. A place is
  ///   - where a word begins,
  ///   - a letter behind a digit, which may be the end of a row of numbers: "1.5GB",
  ///   - a digit within a word, the first of many,
  ///   - one of @ : = -.
  [[nodiscard]] std::size_t Next(std::size_t from) {
    while (true) {
      if (from < end_) {
        const std::uint64_t rest = kept_ & (~std::uint64_t{0} << (from - begin_));
        if (rest != 0) {
          const std::size_t place = begin_ + static_cast<std::size_t>(std::countr_zero(rest));
          if (place < end_) return place;
        }
        from = end_;
      }
      if (from >= text_.size()) return kNone;
      SieveFrom(from);
    }
  }

  /// Masks of what is from `at`, as far as they are known, and how many bytes that is; none for a place before what Next
  /// looked at last.
  struct KnownWords {
    WordMasks masks;
    unsigned bytes = 0;
  };
  [[nodiscard]] KnownWords WordsFrom(std::size_t at) const {
    if (at < begin_ || at >= begin_ + ByteMasks::kBytes) return {};
    const auto from = static_cast<unsigned>(at - begin_);
    return {.masks = {.digits = words_.digits >> from, .letters = words_.letters >> from},
            .bytes = static_cast<unsigned>(ByteMasks::kBytes) - from};
  }

 private:
  // As far as a form is looked at: a UUID's last hyphen.
  static constexpr std::size_t kLookAhead = 24;

  void SieveFrom(std::size_t begin);

  const std::string_view text_;
  const PiiKinds kinds_;
  // What is sieved: [begin_, end_).
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t kept_ = 0;  // Bit i for byte begin_ + i.
  WordMasks words_;         // Of 64 bytes from there.
};

}  // namespace tickscope::guard
