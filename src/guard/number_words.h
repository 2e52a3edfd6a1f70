// NumberWords: which words, of those that say what a number is, came last in a text.
//
// Few numbers ask, so words are read when one does, those before it that were not yet, within reach: no byte is read twice.
#pragma once

#include <cstddef>
#include <string_view>

namespace tickscope::guard {

class NumberWords {
 public:
  /// How far behind a word a number may begin.
  static constexpr std::size_t kReach = 40;

  /// Words are read from `text`, which outlives this; empty when they are only told by Note.
  explicit NumberWords(std::string_view text) : text_(text) {}

  /// Whether any word within reach of `at` looks like one of those: false is certain, true is not.
  [[nodiscard]] static bool MayPrecede(std::string_view text, std::size_t at);

  /// What is from `from` to `to` holds no words; what is before `from` may. Neither goes back.
  void Skip(std::size_t from, std::size_t to);
  /// Notes the word of letters that ends at `end`.
  void Note(std::string_view word, std::size_t end);

  /// Whether a word that names a phone's number (tel, mobile, sms, ...) is within reach of the number that begins at `at`.
  [[nodiscard]] bool IsPhoneBefore(std::size_t at) { return IsBefore(phone_, at); }
  /// Or one that may: call, contact, ...
  [[nodiscard]] bool IsHintBefore(std::size_t at) { return IsBefore(hint_, at); }
  /// Or one that names a payment: card, pan, charge, ...
  [[nodiscard]] bool IsCardBefore(std::size_t at) { return IsBefore(card_, at); }

 private:
  static constexpr std::size_t kNever = ~std::size_t{0};

  [[nodiscard]] bool IsBefore(const std::size_t& word_end, std::size_t at) {
    ReadTo(at);
    return word_end != kNever && at >= word_end && at - word_end <= kReach;
  }
  void ReadTo(std::size_t at);
  void Read(std::size_t from, std::size_t at);

  const std::string_view text_;
  std::size_t unread_ = 0;
  // Words before what was skipped last, not yet read.
  std::size_t waiting_begin_ = 0;
  std::size_t waiting_end_ = 0;
  // Ends of the last word of each kind.
  std::size_t phone_ = kNever;
  std::size_t hint_ = kNever;
  std::size_t card_ = kNever;
};

}  // namespace tickscope::guard
