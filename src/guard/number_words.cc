#include "guard/number_words.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "guard/byte_masks.h"
#include "guard/text_class.h"

namespace tickscope::guard {
namespace {

constexpr std::size_t kWordMax = 24;

constexpr std::string_view kPhone[] = {"celular", "fax",   "gsm",    "handy", "hotline", "landline",
                                       "mob",     "mobil", "mobile", "movil", "msisdn",  "phones",
                                       "sms",     "tel",   "tfno",   "tlf",   "viber",   "whatsapp"};
constexpr std::string_view kHint[] = {"call", "called",  "callback", "caller", "calling",
                                      "cell", "contact", "dial",     "dialed", "dialled",
                                      "ring", "ringing", "signal",   "text",   "texted"};
constexpr std::string_view kCard[] = {"amex",       "billing", "card",    "cardnumber", "cards",
                                      "cc",         "charge",  "charged", "checkout",   "credit",
                                      "creditcard", "debit",   "maestro", "mastercard", "paid",
                                      "pan",        "pay",     "payment", "refund",     "visa"};

// Which lengths words have by their first letter: asked of every word there is, and mostly the answer is none.
using LengthsByLetter = std::array<std::uint32_t, 26>;
template <std::size_t kSize>
constexpr LengthsByLetter LengthsOf(const std::string_view (&words)[kSize]) {
  LengthsByLetter lengths{};
  for (const std::string_view word : words)
    lengths[static_cast<std::size_t>(word[0] - 'a')] |= 1U << word.size();
  return lengths;
}
constexpr LengthsByLetter kPhoneLengths = LengthsOf(kPhone);
constexpr LengthsByLetter kHintLengths = LengthsOf(kHint);
constexpr LengthsByLetter kCardLengths = LengthsOf(kCard);

// Of all of them, and of words that hold "phone" or begin with "telef", by the letter's last five bits.
constexpr std::array<std::uint32_t, 32> kLengths = [] {
  std::array<std::uint32_t, 32> lengths{};
  constexpr std::uint32_t kAnyHolding = (2U << kWordMax) - (1U << 5U);
  for (std::size_t i = 0; i < 26; ++i)
    lengths[i + 1] = kPhoneLengths[i] | kHintLengths[i] | kCardLengths[i] | kAnyHolding;
  return lengths;
}();

}  // namespace

void NumberWords::Skip(std::size_t from, std::size_t to) {
  ReadTo(from);
  unread_ = std::max(unread_, to);
}

void NumberWords::ReadTo(std::size_t at) {
  if (text_.empty() || at <= unread_) return;
  // Within reach, and the longest word before that; of a longer one there is no beginning.
  static_assert(kReach + kWordMax <= ByteMasks::kBytes);
  const std::size_t begin = at - unread_ > ByteMasks::kBytes ? at - ByteMasks::kBytes : unread_;
  const ByteMasks masks = MasksOf(text_.substr(begin, at - begin));
  const std::uint64_t words = masks.letters | masks.digits;
  std::uint64_t starts = words & ~(words << 1U);
  if (begin > unread_ && IsOf(text_[begin - 1], kClassAlnum)) starts &= ~std::uint64_t{1};
  for (; starts != 0; starts &= starts - 1) {
    const auto start = static_cast<unsigned>(std::countr_zero(starts));
    const auto size = static_cast<unsigned>(std::countr_one(words >> start));
    const std::size_t end = begin + start + size;
    if (((kLengths[static_cast<unsigned char>(text_[begin + start]) & 31U] >> (size & 31U)) & 1U) == 0)
      continue;
    const std::uint64_t word = ((size < 64 ? std::uint64_t{1} << size : 0) - 1) << start;
    // A word that goes on behind `at` has the number's digits in it.
    const bool goes_on = end == at && at < text_.size() && IsOf(text_[at], kClassAlnum);
    if ((masks.digits & word) == 0 && !goes_on) Note(text_.substr(begin + start, size), end);
  }
  unread_ = at;
}

void NumberWords::Note(std::string_view word, std::size_t end) {
  if (word.size() < 2 || word.size() > kWordMax) return;
  const char first = ToLower(word[0]);
  const auto may_be_of = [&](const LengthsByLetter& lengths) {
    return (lengths[static_cast<std::size_t>(first - 'a')] >> word.size() & 1U) != 0;
  };
  const bool may_be_phone = may_be_of(kPhoneLengths);
  const bool may_be_hint = may_be_of(kHintLengths);
  const bool may_be_card = may_be_of(kCardLengths);
  // telephone, Telefon, phoneNumber, cellphone.
  const bool may_hold_phone = word.size() >= 5 && (first == 't'   ? ToLower(word[1]) == 'e'
                                                   : first == 'p' ? ToLower(word[1]) == 'h'
                                                                  : word.ends_with("phone"));
  if (!may_be_phone && !may_be_hint && !may_be_card && !may_hold_phone) return;
  std::array<char, kWordMax> letters{};
  std::ranges::transform(word, letters.begin(), ToLower);
  const std::string_view lower(letters.data(), word.size());
  const auto is_in = [&](const auto& words) { return std::ranges::find(words, lower) != std::end(words); };
  if (may_hold_phone && (lower.find("phone") != std::string_view::npos || lower.starts_with("telef")))
    phone_ = end;
  if (may_be_phone && is_in(kPhone)) phone_ = end;
  if (may_be_hint && is_in(kHint)) hint_ = end;
  if (may_be_card && is_in(kCard)) card_ = end;
}

}  // namespace tickscope::guard
