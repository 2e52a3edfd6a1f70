#include "guard/number_words.h"

#include <algorithm>
#include <array>
#include <cstdint>

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

}  // namespace

void NumberWords::Skip(std::size_t from, std::size_t to) {
  ReadTo(from);
  unread_ = std::max(unread_, to);
}

void NumberWords::ReadTo(std::size_t at) {
  if (text_.empty() || at <= unread_) return;
  std::size_t begin = unread_;
  // Within reach, and the longest word before that; where a word is longer still, it is none.
  if (constexpr std::size_t kFar = kReach + kWordMax + 1; at - begin > kFar) {
    begin = at - kFar;
    while (begin < at && IsOf(text_[begin], kClassAlnum))
      ++begin;
  }
  while (begin < at) {
    if (!IsOf(text_[begin], kClassAlnum)) {
      ++begin;
      continue;
    }
    std::uint8_t any = 0;
    std::size_t end = begin;
    // A word that goes on behind `at` has the number's digits in it.
    while (end < text_.size() && IsOf(text_[end], kClassAlnum) && end <= at)
      any |= kByteClasses[static_cast<unsigned char>(text_[end++])];
    if (end <= at && (any & kClassDigit) == 0) Note(text_.substr(begin, end - begin), end);
    begin = end;
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
