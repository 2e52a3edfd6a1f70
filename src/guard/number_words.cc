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
using LengthsByLetter = std::array<std::uint32_t, 32>;
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

// Lengths and second letters of all of them, by the first letter's last five bits.
struct Starts {
  std::uint32_t lengths = 0;
  std::uint32_t seconds = 0;
};
constexpr std::array<Starts, 32> kStarts = [] {
  std::array<Starts, 32> starts{};
  const auto add = [&](const auto& words) {
    for (const std::string_view word : words) {
      Starts& of = starts[static_cast<unsigned char>(word[0]) & 31U];
      of.lengths |= 1U << word.size();
      of.seconds |= 1U << (static_cast<unsigned char>(word[1]) & 31U);
    }
  };
  add(kPhone);
  add(kHint);
  add(kCard);
  return starts;
}();

// Whether the word's size and first letters are those of one: of almost none.
bool MayBeKnown(const char* word, std::size_t size) {
  const Starts& of = kStarts[static_cast<unsigned char>(*word) & 31U];
  return (of.lengths >> (size & 31U) & of.seconds >> (static_cast<unsigned char>(word[1]) & 31U) & 1U) != 0;
}

// First two letters of all of them, and those of "phone", which may be anywhere in a word.
constexpr PairTables kPairs = [] {
  PairTables pairs;
  const auto add = [&](const auto& words) {
    for (const std::string_view word : words)
      pairs.Add(word[0], word[1]);
  };
  add(kPhone);
  add(kHint);
  add(kCard);
  pairs.Add('t', 'e');
  pairs.Add('p', 'h', true);
  return pairs;
}();

// telephone, Telefon, phoneNumber, cellphone.
bool MayHoldPhone(const char* word, std::size_t size) {
  if (size < 5) return false;
  const char first = ToLower(*word);
  if (first == 't') return ToLower(word[1]) == 'e';
  if (first == 'p') return ToLower(word[1]) == 'h';
  return word[size - 1] == 'e' && std::string_view(word, size).ends_with("phone");
}

// Calls `take` with each word of letters between `from` and `at`, near enough to `at` to say what a number there is, that
// looks like one that may. A word that is stuck to digits says nothing.
template <typename Take>
void EachLikelyWord(std::string_view text, std::size_t from, std::size_t at, Take take) {
  if (at <= from) return;
  // Within reach, and the longest word before that; of a longer one there is no beginning.
  static_assert(NumberWords::kReach + kWordMax <= ByteMasks::kBytes);
  const std::size_t begin = at - from > ByteMasks::kBytes ? at - ByteMasks::kBytes : from;
  // And the byte behind them, which makes no pair that matters.
  const PairMasks pairs = LikelyPairs(text, begin, std::min(at + 1, text.size()), kPairs);
  if (pairs.any == 0) return;
  const WordMasks masks = WordMasksOf(text, begin, at);
  const std::uint64_t words = masks.letters | masks.digits;
  std::uint64_t starts = masks.letters & ~(words << 1U);
  if (begin > 0 && IsOf(text[begin - 1], kClassAlnum)) starts &= ~std::uint64_t{1};
  if (pairs.inner == 0) starts &= pairs.any;
  for (; starts != 0; starts &= starts - 1) {
    const auto start = static_cast<unsigned>(std::countr_zero(starts));
    const auto size = static_cast<unsigned>(std::countr_one(words >> start));
    if (size < 2 || size > kWordMax) continue;
    const char* const word = text.data() + begin + start;
    if (!MayBeKnown(word, size) && !MayHoldPhone(word, size)) continue;
    const bool has_digit = (masks.digits >> start & ((std::uint64_t{1} << size) - 1)) != 0;
    // A word that goes on behind `at` has the number's digits in it.
    const std::size_t end = begin + start + size;
    const bool goes_on = end == at && at < text.size() && IsOf(text[at], kClassAlnum);
    if (!has_digit && !goes_on) take(word, size);
  }
}

}  // namespace

void NumberWords::Skip(std::size_t from, std::size_t to) {
  if (text_.empty() || to <= unread_) return;
  // Of two stretches the nearer one waits; the other is read, unless it is out of reach anyway.
  if (waiting_end_ != waiting_begin_ && from < waiting_end_ + ByteMasks::kBytes)
    Read(waiting_begin_, waiting_end_);
  waiting_begin_ = std::min(unread_, from);
  waiting_end_ = from;
  unread_ = to;
}

void NumberWords::ReadTo(std::size_t at) {
  if (text_.empty()) return;
  if (waiting_end_ != waiting_begin_) Read(waiting_begin_, waiting_end_);
  waiting_end_ = waiting_begin_;
  Read(unread_, at);
  unread_ = std::max(unread_, at);
}

bool NumberWords::MayPrecede(std::string_view text, std::size_t at) {
  bool found = false;
  EachLikelyWord(text, 0, at, [&](const char*, std::size_t) { found = true; });
  return found;
}

void NumberWords::Read(std::size_t from, std::size_t at) {
  EachLikelyWord(text_, from, at, [&](const char* word, std::size_t size) {
    Note({word, size}, static_cast<std::size_t>(word - text_.data()) + size);
  });
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
  const bool may_hold_phone = MayHoldPhone(word.data(), word.size());
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
