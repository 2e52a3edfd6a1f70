#include "guard/text_walk.h"

#include <algorithm>
#include <bit>

#include "guard/byte_masks.h"
#include "guard/digit_groups.h"
#include "guard/named_values.h"
#include "guard/number_words.h"
#include "guard/secret_forms.h"
#include "guard/text_class.h"
#include "guard/text_sieve.h"
#include "guard/value_forms.h"

namespace tickscope::guard {
namespace {

// A number hidden behind letters: "id76561198012345678".
constexpr std::size_t kHiddenDigitsMin = 13;

// Adds what it is given behind what is there; of what overlaps, the later and longer wins.
class Findings {
 public:
  explicit Findings(std::vector<PiiFinding>& out) : out_(out) {}

  void Add(PiiFinding finding) {
    while (!out_.empty() && out_.back().end > finding.begin) {
      finding.begin = std::min(finding.begin, out_.back().begin);
      out_.pop_back();
    }
    out_.push_back(finding);
  }

 private:
  std::vector<PiiFinding>& out_;
};

const KeyForms& Keys() {
  static const KeyForms kKeys;
  return kKeys;
}

class Walk {
 public:
  Walk(std::string_view text, PiiKinds kinds, WalkBy by, std::vector<PiiFinding>& out)
      : text_(text),
        kinds_(kinds),
        by_(by),
        findings_(out),
        out_(out),
        words_(by == WalkBy::kSieve ? text : std::string_view()) {}

  void PastEveryByte() {
    std::size_t at = 0;
    while (at < text_.size()) {
      const std::uint8_t classes = ClassesAt(at);
      if ((classes & kClassAlnum) != 0) {
        at = AtWord(WordAt(at, {}));
      } else if ((classes & kClassSpecial) != 0) {
        at = AtMark(at);
      } else {
        ++at;
      }
    }
  }

  void BySieve() {
    TextSieve sieve(text_, kinds_);
    std::size_t at = 0;    // Where the walk is.
    std::size_t from = 0;  // Where the next place is looked for.
    while (at < text_.size()) {
      // Behind something that ended within a word, the rest of it is a word.
      std::size_t begin = at;
      if (at == 0 || !IsWordAt(at) || !IsWordAt(at - 1)) {
        const std::size_t place = sieve.Next(std::max(at, from));
        if (place == TextSieve::kNone) return;
        if (!IsWordAt(place)) {
          at = AtMark(place);
          continue;
        }
        begin = BeginningOf(place, at);
        if (begin == kNone) {
          from = place + 1;
          continue;
        }
      }
      at = AtWord(WordAt(begin, sieve.WordsFrom(begin)));
    }
  }

 private:
  [[nodiscard]] std::uint8_t ClassesAt(std::size_t at) const {
    return kByteClasses[static_cast<unsigned char>(text_[at])];
  }
  [[nodiscard]] bool IsWordAt(std::size_t at) const { return IsOf(text_[at], kClassAlnum); }
  // A run of letters and digits.
  struct Word {
    std::size_t begin;
    std::size_t end;
    bool has_letter;
    bool has_digit;
  };
  // By masks: where a word ends is what a processor cannot guess. `known` are masks of what is there, as far as they go.
  [[nodiscard]] Word WordAt(std::size_t at, TextSieve::KnownWords known) const {
    Word word{.begin = at, .end = at, .has_letter = false, .has_digit = false};
    while (true) {
      if (known.bytes == 0) {
        known.masks = WordMasksOf(text_, word.end, text_.size());
        known.bytes = ByteMasks::kBytes;
      }
      const auto size = static_cast<unsigned>(std::countr_one(known.masks.letters | known.masks.digits));
      const std::uint64_t of_word =
          size < ByteMasks::kBytes ? (std::uint64_t{1} << size) - 1 : ~std::uint64_t{0};
      word.has_letter = word.has_letter || (known.masks.letters & of_word) != 0;
      word.has_digit = word.has_digit || (known.masks.digits & of_word) != 0;
      word.end += size;
      if (size < known.bytes || word.end == text_.size()) return word;
      known.bytes = 0;
    }
  }

  static constexpr std::size_t kNone = ~std::size_t{0};

  // Where the walk stops for what the sieve kept at `place`: at the word's beginning, or at the first of a row of numbers
  // that are words, which it is a part of or stuck to. kNone when it is within a word and there is no row.
  [[nodiscard]] std::size_t BeginningOf(std::size_t place, std::size_t at) const {
    std::size_t begin = place;
    std::size_t first = kNone;
    if (place == at || !IsWordAt(place - 1)) {
      if (!IsDigit(text_[place])) return place;
      first = place;
    } else if (IsDigit(text_[place])) {
      while (begin > at && IsWordAt(begin - 1))
        --begin;
      return begin;
    } else {
      begin = BeginningOfDigits(place, at);
    }
    while (begin > at) {
      // One byte between two groups, or two.
      std::size_t end = begin - 1;
      if (end > at && !IsDigit(text_[end - 1])) --end;
      if (end <= at || !IsDigit(text_[end - 1]) || SeparatorAt(text_, end) != begin - end) break;
      begin = BeginningOfDigits(end, at);
      if (begin > at && IsWordAt(begin - 1)) break;
      first = begin;
    }
    return first;
  }
  [[nodiscard]] std::size_t BeginningOfDigits(std::size_t end, std::size_t at) const {
    while (end > at && IsDigit(text_[end - 1]))
      --end;
    return end;
  }

  // What is from the step at hand to `next` is no word that says what a number is.
  std::size_t GoOn(std::size_t next) {
    words_.Skip(words_end_, next);
    return next;
  }

  // Returns where to go on.
  std::size_t AtWord(const Word& word) {
    const std::size_t at = word.begin;
    const std::size_t end = word.end;
    words_end_ = at;
    if (word.has_letter && MayBeginSecret(text_[at], at + 1 < text_.size() ? text_[at + 1] : '\0')) {
      if (const std::size_t secret_end = SecretAt(at); secret_end > at) return secret_end;
    }
    const bool is_stuck = at > 0 && IsWordAt(at - 1);
    if (by_ == WalkBy::kEveryByte && !word.has_digit && !is_stuck)
      words_.Note(text_.substr(at, end - at), end);
    words_end_ = end;
    if (const std::size_t hex_end = AtHex(at, end - at, end < text_.size() ? text_[end] : '\0'); hex_end > at)
      return hex_end;
    if (!word.has_letter) return AtDigits(at, end);
    return word.has_digit ? std::max(MixedWord(at, end), end) : end;
  }

  // A word of hex digits, if it is one. Returns the end of what begins with it; `at` for nothing.
  std::size_t AtHex(std::size_t at, std::size_t size, char next) {
    if ((next != ':' && next != '-') || size > 8) return at;
    const bool may_be_uuid = size == 8 && next == '-' && kinds_.Has(PiiKind::kUuid);
    const bool may_be_address = size <= 4 && (next == ':' || size == 2);
    if (!may_be_uuid && !may_be_address) return at;
    for (std::size_t i = at; i < at + size; ++i) {
      if (!IsOf(text_[i], kClassHex)) return at;
    }
    if (may_be_address) return AddressAt(at, next);
    bool is_nil = false;
    const std::size_t uuid = EndOfUuid(text_, at, is_nil);
    if (uuid == at) return at;
    return is_nil ? GoOn(uuid) : Take(PiiKind::kUuid, at, uuid);
  }

  std::size_t SecretAt(std::size_t at) {
    const char c = text_[at];
    if (kinds_.Has(PiiKind::kJwt) && c == 'e') {
      if (const std::size_t end = EndOfJwt(text_, at); end > at) return Take(PiiKind::kJwt, at, end);
    }
    if (kinds_.Has(PiiKind::kKey)) {
      if (const std::size_t end = Keys().EndOfKey(text_, at); end > at) return Take(PiiKind::kKey, at, end);
    }
    if (kinds_.Has(PiiKind::kPlayerId) && (c == 'S' || c == 'U')) {
      if (const std::size_t end = EndOfSteamId(text_, at); end > at) return Take(PiiKind::kPlayerId, at, end);
    }
    return at;
  }

  std::size_t AddressAt(std::size_t at, char next) {
    if (kinds_.Has(PiiKind::kMac)) {
      if (const std::size_t mac = EndOfMac(text_, at, next); mac > at) return Take(PiiKind::kMac, at, mac);
    }
    if (next != ':') return at;
    bool is_somebodys = false;
    const std::size_t end = EndOfIpv6(text_, at, is_somebodys);
    if (end == at) return at;
    return is_somebodys && kinds_.Has(PiiKind::kIp) ? Take(PiiKind::kIp, at, end) : GoOn(end);
  }

  // A row of numbers begins with the digits up to `end`.
  std::size_t AtDigits(std::size_t at, std::size_t end) {
    if (end - at < kRowDigitsMin && SeparatorAt(text_, end) == 0) return end;
    // What most lines begin with.
    if (const std::size_t date_end = EndOfDate(text_, at); date_end > at)
      return date_end < text_.size() && IsWordAt(date_end) ? GoOn(date_end) : date_end;
    const std::size_t row_end = FindInDigits(text_, at, words_, kinds_, out_);
    // What is stuck to its end ("26T09") is a word of its own.
    return row_end < text_.size() && IsWordAt(row_end) ? GoOn(row_end) : row_end;
  }

  // Letters and digits in one word: an account, or a number behind letters. Returns where an account ends, else `at`.
  std::size_t MixedWord(std::size_t at, std::size_t end) {
    const auto is_upper = [&](std::size_t i) { return text_[i] >= 'A' && text_[i] <= 'Z'; };
    if (kinds_.Has(PiiKind::kIban) && end - at >= 4 && is_upper(at) && is_upper(at + 1) &&
        IsDigit(text_[at + 2]) && IsDigit(text_[at + 3])) {
      if (const std::size_t iban = EndOfIban(text_, at); iban > at) return Take(PiiKind::kIban, at, iban);
    }
    if (end - at < kHiddenDigitsMin) return at;
    for (std::size_t i = at; i < end; ++i) {
      if (!IsDigit(text_[i])) continue;
      std::size_t digits_end = i;
      while (digits_end < end && IsDigit(text_[digits_end]))
        ++digits_end;
      if (digits_end - i >= kHiddenDigitsMin)
        static_cast<void>(FindInDigits(text_.substr(0, digits_end), i, words_, kinds_, out_));
      i = digits_end;
    }
    return at;
  }

  std::size_t AtMark(std::size_t at) {
    words_end_ = at;
    const char c = text_[at];
    if (c == '@') {
      PiiFinding found;
      if (!kinds_.Has(PiiKind::kEmail) || !FindEmail(text_, at, found)) return at + 1;
      findings_.Add(found);
      return GoOn(found.end);
    }
    if (c == '-') {
      if (!kinds_.Has(PiiKind::kKey) || at + 10 >= text_.size() || text_[at + 1] != '-' ||
          text_[at + 5] != 'B')
        return at + 1;
      const std::size_t end = EndOfPrivateKey(text_, at);
      return end > at ? Take(PiiKind::kKey, at, end) : at + 1;
    }
    if (c == ':' && at + 1 < text_.size() && text_[at + 1] == ':' && (at == 0 || !IsWordAt(at - 1))) {
      bool is_somebodys = false;
      const std::size_t end = EndOfIpv6(text_, at, is_somebodys);
      if (end > at) return is_somebodys && kinds_.Has(PiiKind::kIp) ? Take(PiiKind::kIp, at, end) : GoOn(end);
    }
    const auto named = FindNamedValue(text_, at);
    if (!named || !kinds_.Has(named->kind)) return at + 1;
    findings_.Add(*named);
    return GoOn(named->end);
  }

  std::size_t Take(PiiKind kind, std::size_t begin, std::size_t end) {
    findings_.Add({kind, begin, end});
    return GoOn(end);
  }

  const std::string_view text_;
  const PiiKinds kinds_;
  const WalkBy by_;
  Findings findings_;
  std::vector<PiiFinding>& out_;
  NumberWords words_;
  std::size_t words_end_ = 0;  // Where what was read before the step at hand ends, in words.
};

}  // namespace

void WalkText(std::string_view text, PiiKinds kinds, WalkBy by, std::vector<PiiFinding>& out) {
  Walk walk(text, kinds, by, out);
  if (by == WalkBy::kSieve) {
    walk.BySieve();
  } else {
    walk.PastEveryByte();
  }
}

}  // namespace tickscope::guard
