// NumberWords: which words, of those that say what a number is, came last in a text.
//
// Noted while the text is walked forward, so that no number has to look back.
#pragma once

#include <cstddef>
#include <string_view>

namespace tickscope::guard {

struct NumberWords {
  /// How far behind a word a number may begin.
  static constexpr std::size_t kReach = 40;
  static constexpr std::size_t kNever = ~std::size_t{0};

  std::size_t phone = kNever;  ///< End of the last one that names a phone's number: tel, mobile, sms, ...
  std::size_t phone_hint = kNever;  ///< Of one that may: call, contact, ...
  std::size_t card = kNever;        ///< Of one that names a payment: card, pan, charge, ...

  /// Notes the word of letters that ends at `end`.
  void Note(std::string_view word, std::size_t end);

  [[nodiscard]] static bool IsNear(std::size_t word_end, std::size_t at) {
    return word_end != kNever && at >= word_end && at - word_end <= kReach;
  }
};

}  // namespace tickscope::guard
