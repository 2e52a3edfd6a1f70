#include "guard/digit_groups.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "guard/addresses.h"
#include "guard/checksums.h"
#include "guard/text_class.h"

namespace tickscope::guard {
namespace {

// Groups looked at in one go; a longer row of numbers is taken up again from its last ones.
constexpr std::size_t kGroupsMax = 48;
// Groups one number may have: "4 4 4 4", "+1 (555) 010 99 99".
constexpr std::size_t kWindowGroupsMax = 9;
constexpr std::size_t kPhoneDigitsMax = 15;  // E.164
constexpr std::size_t kIpGroups = 4;
// A number without a break that may be an identity.
constexpr std::size_t kLongDigits = 9;

// Words that name nothing.
constexpr std::size_t kFillerMax = 4;
constexpr std::string_view kFillers[] = {
    "a",    "also", "an",  "and",  "are",  "as", "at",  "by", "for", "from", "got",
    "here", "i",    "in",  "is",   "it",   "me", "my",  "of", "on",  "or",   "over",
    "take", "that", "the", "then", "this", "to", "try", "up", "use", "was",  "with"};

// Trivial, so that room for many costs nothing.
struct Group {
  std::size_t begin;
  std::size_t end;
  const char* gap;
  std::size_t gap_size;

  [[nodiscard]] std::size_t size() const { return end - begin; }
  // What stands between the group before and this one.
  [[nodiscard]] std::string_view before() const { return {gap, gap_size}; }
  [[nodiscard]] bool is_behind(char c) const { return gap_size == 1 && *gap == c; }
};

using Groups = std::span<const Group>;

// One row of groups, and what was found in it.
class DigitRow {
 public:
  DigitRow(std::string_view text, std::size_t at, NumberWords& words, std::vector<PiiFinding>& out)
      : text_(text), words_(words), out_(out), first_(out.size()) {
    while (true) {
      std::size_t end = at;
      while (end < text.size() && IsDigit(text[end]))
        ++end;
      const std::size_t before = count_ == 0 ? at : groups_[count_ - 1].end;
      groups_[count_++] = {at, end, text.data() + before, at - before};
      digits_ += end - at;
      const std::size_t separator = SeparatorAt(text, end);
      if (separator == 0 || count_ == kGroupsMax) break;
      at = end + separator;
    }
  }

  std::size_t Find(PiiKinds kinds) {
    // Most rows are a time or a count.
    if (count_ >= kIpGroups) FindIps(kinds);
    if (digits_ >= 6) {
      if (digits_ >= kCardDigitsMin && (kinds.Has(PiiKind::kCard) || kinds.Has(PiiKind::kPlayerId)))
        FindCards(kinds);
      if (kinds.Has(PiiKind::kPhone) && MayHoldPhone()) FindPhones();
      if (kinds.Has(PiiKind::kDigits)) FindLong();
    }
    const std::span found = Found();
    std::ranges::sort(found, {}, &PiiFinding::begin);
    const std::size_t last = groups_[count_ - 1].end;
    if (count_ < kGroupsMax) return last;
    // The row may go on: what begins in its last groups is looked at again.
    const std::size_t again = groups_[count_ - kWindowGroupsMax].begin;
    return found.empty() ? again : std::max(again, found.back().end);
  }

 private:
  // What was found in this row; disjoint.
  [[nodiscard]] std::span<PiiFinding> Found() const { return std::span(out_).subspan(first_); }
  [[nodiscard]] bool IsTaken(std::size_t begin, std::size_t end) const {
    return std::ranges::any_of(Found(), [&](const PiiFinding& f) { return begin < f.end && end > f.begin; });
  }
  void Take(PiiKind kind, std::size_t begin, std::size_t end) {
    if (!IsTaken(begin, end)) out_.push_back({kind, begin, end});
  }
  [[nodiscard]] bool Precedes(std::size_t at, char c) const { return at >= 1 && text_[at - 1] == c; }

  // Whether a version stands here: "v1.2.3.4", "version 1.2.3.4", "build=1.2.3.4".
  [[nodiscard]] bool IsVersionAt(std::size_t at) const {
    if (at > 0 && (text_[at - 1] | 0x20) == 'v') return true;
    std::size_t end = at;
    while (end > 0 && std::string_view(" :=\"'/-_").find(text_[end - 1]) != std::string_view::npos &&
           at - end < 4)
      --end;
    std::size_t begin = end;
    while (begin > 0 && IsOf(text_[begin - 1], kClassLetter) && end - begin < 16)
      --begin;
    std::string word(text_.substr(begin, end - begin));
    std::ranges::transform(word, word.begin(), ToLower);
    return word.ends_with("version") || word.ends_with("build") || word == "ver" || word == "release" ||
           word == "v" || word == "oid";
  }

  // "1.2.5.1-2", a version and its release.
  [[nodiscard]] bool IsRelease(std::size_t begin, std::size_t end) const {
    return end - begin == 7 && end + 1 < text_.size() && text_[end] == '-' && IsDigit(text_[end + 1]);
  }

  void FindIps(PiiKinds kinds) {
    for (std::size_t first = 0; first < count_;) {
      std::size_t last = first;
      while (last + 1 < count_ && groups_[last + 1].is_behind('.'))
        ++last;
      if (last - first == 3) {
        const std::size_t begin = groups_[first].begin;
        const std::size_t end = groups_[last].end;
        const auto address = ParseIp(text_.substr(begin, end - begin));
        if (address && !IsVersionAt(begin) && !IsRelease(begin, end)) {
          if (kinds.Has(PiiKind::kIp) && IsSomebodys(*address)) Take(PiiKind::kIp, begin, end);
          std::fill(is_address_.begin() + static_cast<std::ptrdiff_t>(first),
                    is_address_.begin() + static_cast<std::ptrdiff_t>(last) + 1, true);
        }
      }
      first = last + 1;
    }
  }

  void FindCards(PiiKinds kinds) {
    std::array<char, kCardDigitsMax> digits;
    for (std::size_t first = 0; first < count_; ++first) {
      std::size_t size = 0;
      // Of numbers that begin here the longest: the first twelve digits of sixteen may have a right sum as well.
      std::size_t card_last = kNone;
      for (std::size_t last = first; last < count_ && last < first + kWindowGroupsMax; ++last) {
        const Group& group = groups_[last];
        if (last > first && !group.is_behind(' ') && !group.is_behind('-')) break;
        if (size + group.size() > digits.size()) break;
        std::copy_n(text_.data() + group.begin, group.size(), digits.data() + size);
        size += group.size();
        const std::string_view number(digits.data(), size);
        if (last == first && size == 17 && number.starts_with("7656119")) {
          if (kinds.Has(PiiKind::kPlayerId)) Take(PiiKind::kPlayerId, group.begin, group.end);
        } else if (size >= kCardDigitsMin && kinds.Has(PiiKind::kCard) && IsOneNumber(first, last) &&
                   IsCard(first, last, number, kinds)) {
          card_last = last;
        }
      }
      if (card_last != kNone) Take(PiiKind::kCard, groups_[first].begin, groups_[card_last].end);
    }
  }
  [[nodiscard]] bool IsCard(std::size_t first, std::size_t last, std::string_view number, PiiKinds kinds) {
    // The sum is cheap and wrong nine times in ten.
    if (!PassesLuhn(number)) return false;
    if (IsNamedCard()) return true;
    if (!IsCardNumber(number)) return false;
    if (first != last) return IsWrittenAsCard(first, last) && !IsPartOfName(first, last);
    // Counts and ids of blocks have these lengths more often than cards do, and one of thirty passes for a card: in one
    // piece, without a word of payment before it, only one of 14 to 16 digits that is not named as something else.
    if (number.size() < 14 || number.size() > 16) return false;
    const std::size_t begin = groups_[first].begin;
    if (begin > 0 && (text_[begin - 1] == '_' || text_[begin - 1] == '-')) return false;
    // In a label any number of that length is told.
    return kinds.Has(PiiKind::kDigits) || !IsNamed(begin);
  }
  // 4 4 4 4 or 4 6 5.
  [[nodiscard]] bool IsWrittenAsCard(std::size_t first, std::size_t last) const {
    if (groups_[first].size() != 4) return false;
    for (std::size_t i = first + 1; i < last; ++i) {
      if (groups_[i].size() != 4 && groups_[i].size() != 6) return false;
    }
    return true;
  }
  // Whether letters and digits go on with a hyphen or nothing between, as in "14ed-0241-6566-58da".
  [[nodiscard]] bool IsPartOfName(std::size_t first, std::size_t last) const {
    const auto is_at = [&](std::size_t at, std::uint8_t classes) {
      return at < text_.size() && IsOf(text_[at], classes);
    };
    const std::size_t begin = groups_[first].begin;
    const std::size_t end = groups_[last].end;
    const bool before = begin > 1 && (text_[begin - 1] == '-' || text_[begin - 1] == '_') &&
                        IsOf(text_[begin - 2], kClassAlnum);
    const bool behind = is_at(end, kClassLetter) && text_[end] != 'x' && text_[end] != 'e';
    return before || behind;
  }
  // Whether what is before a number names it: a field's mark, a word that is no filler ("order 4...", "id=4..."), or a
  // number or a comma of a list.
  [[nodiscard]] bool IsNamed(std::size_t at) const {
    constexpr std::string_view kOpening = " \t\"'\\([<{";
    std::size_t end = at;
    while (end > 0 && at - end < 4 && kOpening.find(text_[end - 1]) != std::string_view::npos)
      --end;
    if (end == 0) return false;
    const char c = text_[end - 1];
    if (!IsOf(c, kClassLetter)) return c != '.' && c != '!' && c != '?';
    std::size_t begin = end;
    while (begin > 0 && IsOf(text_[begin - 1], kClassLetter) && end - begin <= kFillerMax)
      --begin;
    if (end == at || end - begin > kFillerMax || (begin > 0 && IsOf(text_[begin - 1], kClassDigit)))
      return true;
    const std::string_view word = text_.substr(begin, end - begin);
    return std::ranges::none_of(kFillers, [&](std::string_view filler) {
      return std::ranges::equal(word, filler, [](char x, char y) { return ToLower(x) == y; });
    });
  }
  // Groups of cards are of three digits or more; "12 34 56 78 90 12" is a table.
  [[nodiscard]] bool IsOneNumber(std::size_t first, std::size_t last) const {
    if (first == last) return true;
    for (std::size_t i = first; i <= last; ++i) {
      if ((groups_[i].size() < 3 && i != last) || groups_[i].size() > 7) return false;
      if (i > first + 1 && groups_[i].before() != groups_[first + 1].before()) return false;
    }
    return true;
  }

  // Dates: 2026-11-26, 26/11/2026, 26.11.2026. How many groups there are of it, from `first`.
  [[nodiscard]] std::size_t DateAt(std::size_t first) const {
    if (first + 2 >= count_) return 0;
    const Group& a = groups_[first];
    const Group& b = groups_[first + 1];
    const Group& c = groups_[first + 2];
    if (b.gap_size != 1 || !c.is_behind(*b.gap) || *b.gap == ' ' || *b.gap == '(' || *b.gap == ')') return 0;
    const auto is_year = [&](const Group& g) {
      return g.size() == 4 && (Text(g).starts_with("19") || Text(g).starts_with("20"));
    };
    const auto is_short = [](const Group& g) { return g.size() <= 2; };
    if ((is_year(a) && is_short(b) && is_short(c)) || (is_short(a) && is_short(b) && is_year(c))) return 3;
    return 0;
  }
  [[nodiscard]] std::string_view Text(const Group& group) const {
    return text_.substr(group.begin, group.size());
  }

  // Whether PhoneFrom can find one at all: nearly all rows are times, dates and counts.
  [[nodiscard]] bool MayHoldPhone() {
    const std::size_t begin = groups_[0].begin;
    if (begin > 0 && (text_[begin - 1] == '+' || text_[begin - 1] == '(')) return true;
    if (count_ > 1 && text_[begin] == '0') return true;
    for (std::size_t i = 1; i < count_; ++i) {
      const Group& group = groups_[i];
      if (group.gap_size != 1 || *group.gap == '(' || *group.gap == ')') return true;
      if (group.size() >= 2 && Text(group).starts_with("00")) return true;
      if (i + 1 < count_ && groups_[i - 1].size() == 3 && group.size() == 3 && groups_[i + 1].size() == 4)
        return true;
    }
    return PhoneContext() != Context::kNone;
  }

  void FindPhones() {
    for (std::size_t first = 0; first < count_; ++first) {
      if (const std::size_t date = DateAt(first); date > 0) {
        first += date - 1;
        continue;
      }
      if (is_address_[first] || IsTaken(groups_[first].begin, groups_[first].end)) continue;
      if (const std::size_t last = PhoneFrom(first); last != kNone) {
        std::size_t begin = groups_[first].begin;
        while (begin > 0 && (text_[begin - 1] == '(' || text_[begin - 1] == '+'))
          --begin;
        Take(PiiKind::kPhone, begin, EndOfExtension(groups_[last].end));
        first = last;
      }
    }
  }

  static constexpr std::size_t kNone = ~std::size_t{0};

  // The last group of the phone number that begins with this group; kNone for none.
  [[nodiscard]] std::size_t PhoneFrom(std::size_t first) {
    const std::size_t begin = groups_[first].begin;
    const bool is_international = IsAfterPlus(begin);
    std::size_t last = first;
    std::size_t digits = groups_[first].size();
    while (last + 1 < count_ && last + 1 < first + kWindowGroupsMax &&
           !Precedes(groups_[last + 1].begin, '+') &&
           digits + groups_[last + 1].size() <= kPhoneDigitsMax + 2 && DateAt(last + 1) == 0 &&
           !is_address_[last + 1] && !IsTaken(groups_[last + 1].begin, groups_[last + 1].end)) {
      digits += groups_[++last].size();
    }
    if (is_international) return digits >= 8 && digits <= kPhoneDigitsMax + 2 ? last : kNone;
    if (IsNorthAmerican(first)) return first + 2 + (groups_[first].size() == 1 ? 1U : 0U);
    const std::string_view head = Text(groups_[first]);
    if (head.starts_with("00") && head.size() <= 5 && last > first && digits >= 10 &&
        OnlySeparators(first, last, " -./"))
      return last;
    if (HasAreaInParentheses(first, last) && digits >= 9) return last;
    if (first == 0 && head.size() >= 2 && head[0] == '0' && head[1] != '0' && last > first && digits >= 9 &&
        digits <= 11 && (OnlySeparators(first, last, " ") || OnlySeparators(first, last, "-")) &&
        (begin == 0 || !IsOf(text_[begin - 1], kClassAlnum)) && last - first <= 4 &&
        IsTrunkForm(first, last) && !IsPartOfName(first, last))
      return last;
    if (digits < 6) return kNone;
    const Context context = PhoneContext();
    if (context == Context::kNamed && digits >= 6) return last;
    // A fraction is none, whatever a word says that may mean much else: "cell 52.7977377".
    const bool is_fraction =
        (last == first + 1 && groups_[last].is_behind('.')) || (first > 0 && groups_[first].is_behind('.'));
    if (context == Context::kHinted && digits >= 7 && (last > first || head[0] == '0') && !is_fraction)
      return last;
    return kNone;
  }

  // A plus that is no part of a version or a sum: "2.4+20151223".
  [[nodiscard]] bool IsAfterPlus(std::size_t begin) const {
    const std::size_t plus = Precedes(begin, '+')                               ? begin - 1
                             : Precedes(begin, '(') && Precedes(begin - 1, '+') ? begin - 2
                                                                                : begin;
    return plus != begin && (plus == 0 || !IsOf(text_[plus - 1], kClassAlnum));
  }

  [[nodiscard]] bool OnlySeparators(std::size_t first, std::size_t last, std::string_view any) const {
    for (std::size_t i = first + 1; i <= last; ++i) {
      if (groups_[i].before().size() != 1 || any.find(groups_[i].before()[0]) == std::string_view::npos)
        return false;
    }
    return true;
  }
  // Pairs ("01 23 45 67 89"), or an area and what is behind it ("080-1234-5678").
  [[nodiscard]] bool IsTrunkForm(std::size_t first, std::size_t last) const {
    if (last - first == 4) {
      return std::ranges::all_of(Groups(groups_.data() + first, 5),
                                 [](const Group& g) { return g.size() == 2; });
    }
    return std::ranges::all_of(Groups(groups_.data() + first, last - first + 1),
                               [](const Group& g) { return g.size() >= 2 && g.size() <= 5; }) &&
           last - first >= 2;
  }
  [[nodiscard]] bool HasAreaInParentheses(std::size_t first, std::size_t last) const {
    for (std::size_t i = first; i < last && i < first + 2; ++i) {
      const Group& area = groups_[i];
      const bool is_area = area.size() >= 1 && area.size() <= 4 && Precedes(area.begin, '(') &&
                           groups_[i + 1].before().starts_with(")");
      if (!is_area) continue;
      // A country's code may stand before it.
      if (i > first && groups_[first].size() > 3) return false;
      return OnlyDialled(i + 2, last);
    }
    return false;
  }
  [[nodiscard]] bool OnlyDialled(std::size_t from, std::size_t last) const {
    return from > last || OnlySeparators(from - 1, last, " -.");
  }

  // [1-]555-010-9999, (555) 010-9999, 555.010.9999: three, three and four, held together by more than spaces.
  [[nodiscard]] bool IsNorthAmerican(std::size_t first) const {
    const std::size_t skip = groups_[first].size() == 1 && text_[groups_[first].begin] == '1' ? 1 : 0;
    if (first + skip + 2 >= count_) return false;
    const Group& area = groups_[first + skip];
    const Group& exchange = groups_[first + skip + 1];
    const Group& line = groups_[first + skip + 2];
    if (area.size() != 3 || exchange.size() != 3 || line.size() != 4 || text_[area.begin] < '2') return false;
    if (skip == 1 && area.before().size() > 2) return false;
    const bool same = exchange.before() == line.before() && (line.is_behind('-') || line.is_behind('.'));
    return same || (exchange.before().starts_with(")") && line.before().size() == 1);
  }

  // "x123", " ext. 123"
  [[nodiscard]] std::size_t EndOfExtension(std::size_t at) const {
    std::string_view rest = text_.substr(at, 16);
    const std::size_t before = rest.size();
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    if (rest.starts_with("ext")) {
      rest.remove_prefix(3);
      if (rest.starts_with('.')) rest.remove_prefix(1);
      if (rest.starts_with(' ')) rest.remove_prefix(1);
    } else if (rest.starts_with('x')) {
      rest.remove_prefix(1);
    } else {
      return at;
    }
    const std::size_t mark = before - rest.size();
    std::size_t digits = 0;
    while (digits < rest.size() && digits < 6 && IsDigit(rest[digits]))
      ++digits;
    return digits > 0 ? at + mark + digits : at;
  }

  enum class Context : std::uint8_t { kNone, kHinted, kNamed };

  // What the words before say of the number: that it is a phone's, or that it may be.
  [[nodiscard]] Context PhoneContext() {
    if (words_.IsPhoneBefore(groups_[0].begin)) return Context::kNamed;
    return words_.IsHintBefore(groups_[0].begin) ? Context::kHinted : Context::kNone;
  }
  // Whether a word before says that the number is a card's.
  [[nodiscard]] bool IsNamedCard() { return words_.IsCardBefore(groups_[0].begin); }

  void FindLong() {
    for (std::size_t i = 0; i < count_; ++i) {
      const Group& group = groups_[i];
      if (group.size() < kLongDigits || IsTime(Text(group))) continue;
      // Digits of a fraction tell nobody apart.
      if (group.before() == "." && i > 0) continue;
      if (i + 1 < count_ && groups_[i + 1].before() == "." && group.size() < 12) continue;
      Take(PiiKind::kDigits, group.begin, group.end);
    }
  }
  // Seconds to nanoseconds since 1970 of 2014 to 2039, or 20261126093000.
  [[nodiscard]] static bool IsTime(std::string_view digits) {
    const bool is_epoch =
        (digits.size() == 10 || digits.size() == 13 || digits.size() == 16 || digits.size() == 19) &&
        digits >= "14" && digits < "22";
    const bool is_date = (digits.size() == 12 || digits.size() == 14) &&
                         (digits.starts_with("20") || digits.starts_with("19")) &&
                         digits.substr(4, 2) <= "12" && digits.substr(6, 2) <= "31" &&
                         digits.substr(8, 2) <= "24";
    return is_epoch || is_date;
  }

  const std::string_view text_;
  NumberWords& words_;
  std::array<Group, kGroupsMax> groups_;
  std::array<bool, kGroupsMax> is_address_{};
  std::size_t count_ = 0;
  std::size_t digits_ = 0;
  std::vector<PiiFinding>& out_;
  const std::size_t first_;  // Of this row's findings in out_.
};

}  // namespace

std::size_t SeparatorAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
  const char c = byte(at);
  if (!IsOf(c, kClassLink)) return 0;
  const char next = byte(at + 1);
  if (IsDigit(next)) return 1;
  const bool is_twofold = c == ')'   ? next == ' ' || next == '-' || next == '/' || next == '.'
                          : c == '/' ? next == ' '
                                     : (c == ' ' || c == '-') && next == '(';
  return is_twofold && IsDigit(byte(at + 2)) ? 2 : 0;
}

std::size_t EndOfDate(std::string_view text, std::size_t at) {
  constexpr std::size_t kDate = 10;
  constexpr std::size_t kWithHour = 13;
  if (text.size() - at < kDate) return at;
  const char* const c = text.data() + at;
  const bool is_date = ((c[0] == '2' && c[1] == '0') || (c[0] == '1' && c[1] == '9')) && IsDigit(c[2]) &&
                       IsDigit(c[3]) && c[4] == '-' && IsDigit(c[5]) && IsDigit(c[6]) && c[7] == '-' &&
                       IsDigit(c[8]) && IsDigit(c[9]);
  if (!is_date) return at;
  if (text.size() - at == kDate || !(IsDigit(c[kDate]) || IsOf(c[kDate], kClassLink))) return at + kDate;
  if (text.size() - at <= kWithHour || c[kWithHour] != ':') return at;
  return c[10] == ' ' && IsDigit(c[11]) && IsDigit(c[12]) ? at + kWithHour : at;
}

bool MayHoldNumber(std::string_view text, const RowShape& row, PiiKinds kinds) {
  if (row.digits < kRowDigitsMin && row.groups < kIpGroups) return false;
  if (EndOfDate(text, row.begin) >= row.begin + row.size) return false;
  if (row.digits >= kCardDigitsMin || row.groups > 2 || kinds.Has(PiiKind::kDigits)) return true;
  // What is left is no phone number by its form alone but behind a mark, or in groups that are more than apart: see PhoneFrom.
  const char before = row.begin > 0 ? text[row.begin - 1] : ' ';
  if (before == '+' || before == '(' || row.has_bracket) return true;
  if (row.groups == 2) {
    constexpr std::size_t kInternationalDigitsMin = 10;
    const std::size_t gap = row.size - row.digits;
    const char* const second = text.data() + row.begin + row.first_size + gap;
    if (gap != 1 || *second == '0') return true;
    if (text[row.begin] == '0' && row.digits >= kInternationalDigitsMin) return true;
  }
  return NumberWords::MayPrecede(text, row.begin);
}

std::size_t FindInDigits(std::string_view text, std::size_t at, NumberWords& words, PiiKinds kinds,
                         std::vector<PiiFinding>& out) {
  return DigitRow(text, at, words, out).Find(kinds);
}

}  // namespace tickscope::guard
