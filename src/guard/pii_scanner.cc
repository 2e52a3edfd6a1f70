#include "guard/pii_scanner.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>

#include "guard/addresses.h"
#include "guard/checksums.h"
#include "guard/digit_groups.h"
#include "guard/named_values.h"
#include "guard/plain_text.h"
#include "guard/secret_forms.h"
#include "guard/text_class.h"

namespace tickscope::guard {
namespace {

constexpr std::size_t kMailLocalMax = 128;
constexpr std::size_t kMailDomainMax = 255;
constexpr std::size_t kIbanBytesMax = 48;  // With spaces.
// A number hidden behind letters: "id76561198012345678".
constexpr std::size_t kHiddenDigitsMin = 13;

// Endings of what has an @ and is no address: icon@2x.png, getty@tty1.service.
constexpr std::string_view kNoDomains[] = {
    "automount", "conf",  "css",  "device", "gif",   "html",  "jpeg",    "jpg",   "js",
    "json",      "mount", "path", "png",    "py",    "scope", "service", "slice", "so",
    "socket",    "svg",   "swap", "target", "timer", "ts",    "txt",     "webp",  "yaml"};

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
  [[nodiscard]] std::size_t end() const { return out_.empty() ? 0 : out_.back().end; }

 private:
  std::vector<PiiFinding>& out_;
};

bool IsMailByte(char c) {
  return IsOf(c, kClassMail);
}
bool IsDomainByte(char c) {
  return IsOf(c, kClassAlnum) || c == '-' || c == '.' || c == kForeign;
}

// The address around the '@' at `at`, if there is one.
bool FindEmail(std::string_view text, std::size_t at, PiiFinding& found) {
  std::size_t begin = at;
  while (begin > 0 && at - begin < kMailLocalMax && IsMailByte(text[begin - 1]))
    --begin;
  while (begin < at && (text[begin] == '.' || text[begin] == '-' || text[begin] == '\''))
    ++begin;
  if (begin == at || text[at - 1] == '.') return false;
  std::size_t end = at + 1;
  while (end < text.size() && end - at <= kMailDomainMax && IsDomainByte(text[end]))
    ++end;
  while (end > at + 1 && (text[end - 1] == '.' || text[end - 1] == '-'))
    --end;
  const std::string_view domain = text.substr(at + 1, end - at - 1);
  const std::size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || domain[0] == '-' ||
      domain.find("..") != std::string_view::npos)
    return false;
  const std::string_view top = domain.substr(dot + 1);
  if (top.size() < 2 || top.size() > 24) return false;
  const bool is_punycode = top.starts_with("xn--");
  std::array<char, 24> lower{};
  for (std::size_t i = 0; i < top.size(); ++i) {
    if (!is_punycode && !IsOf(top[i], kClassLetter) && top[i] != kForeign) return false;
    lower[i] = ToLower(top[i]);
  }
  if (std::ranges::binary_search(kNoDomains, std::string_view(lower.data(), top.size()))) return false;
  found = {PiiKind::kEmail, begin, end};
  return true;
}

bool IsHexAt(std::string_view text, std::size_t at) {
  return at < text.size() && IsOf(text[at], kClassHex);
}

// 8-4-4-4-12 hex digits.
std::size_t EndOfUuid(std::string_view text, std::size_t at, bool& is_nil) {
  constexpr std::size_t kSize = 36;
  if (text.size() - at < kSize) return at;
  is_nil = true;
  for (std::size_t i = 0; i < kSize; ++i) {
    const char c = text[at + i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return at;
      continue;
    }
    if (!IsOf(c, kClassHex)) return at;
    is_nil = is_nil && c == '0';
  }
  const std::size_t end = at + kSize;
  const bool goes_on =
      end < text.size() && (IsOf(text[end], kClassAlnum) || (text[end] == '-' && IsHexAt(text, end + 1)));
  return goes_on ? at : end;
}

// Six pairs of hex digits, not all zero or all ones, with the same separator.
std::size_t EndOfMac(std::string_view text, std::size_t at, char separator) {
  constexpr std::size_t kSize = 17;
  if (text.size() - at < kSize) return at;
  bool is_zero = true;
  bool is_ones = true;
  bool has_digit_or_case = false;
  for (std::size_t i = 0; i < kSize; ++i) {
    const char c = text[at + i];
    if (i % 3 == 2) {
      if (c != separator) return at;
      continue;
    }
    if (!IsOf(c, kClassHex)) return at;
    is_zero = is_zero && c == '0';
    is_ones = is_ones && (c | 0x20) == 'f';
    has_digit_or_case = has_digit_or_case || !IsDigit(c);
  }
  const std::size_t end = at + kSize;
  const bool goes_on = end < text.size() && (IsOf(text[end], kClassAlnum) || text[end] == separator);
  // Six pairs of digits alone are a time and a date as well.
  return is_zero || is_ones || goes_on || (separator == '-' && !has_digit_or_case) ? at : end;
}

// An IPv6 address that begins at `at`: the longest run of its bytes that parses.
std::size_t EndOfIpv6(std::string_view text, std::size_t at, bool& is_somebodys) {
  constexpr std::size_t kSizeMax = 45;
  std::size_t end = at;
  std::size_t colons = 0;
  bool has_digit = false;
  while (end < text.size() && end - at < kSizeMax &&
         (IsOf(text[end], kClassHex) || text[end] == ':' || text[end] == '.')) {
    colons += text[end] == ':' ? 1U : 0U;
    has_digit = has_digit || IsDigit(text[end]);
    ++end;
  }
  if (end < text.size() && IsOf(text[end], kClassAlnum)) return at;
  while (end > at &&
         (text[end - 1] == '.' || (text[end - 1] == ':' && (end < at + 2 || text[end - 2] != ':'))))
    --end;
  if (colons < 2 || !has_digit || end - at < 3) return at;
  auto address = ParseIp(text.substr(at, end - at));
  if (!address) {
    // "2001:...:7334:27015": an address in full, and a port.
    const std::size_t colon = text.substr(at, end - at).rfind(':');
    if (colon == std::string_view::npos || end - at - colon > 6) return at;
    end = at + colon;
    address = ParseIp(text.substr(at, colon));
    if (!address || text.substr(at, colon).ends_with(':')) return at;
  }
  is_somebodys = IsSomebodys(*address);
  return end;
}

// The account that begins with a country's letters and check digits at `at`; single spaces or hyphens may stand in it.
std::size_t EndOfIban(std::string_view text, std::size_t at) {
  const std::size_t length = IbanLength(text.substr(at, 2));
  if (length == 0) return at;
  std::array<char, 34> letters{};
  std::size_t size = 0;
  std::size_t end = at;
  while (size < length && end < text.size() && end - at < kIbanBytesMax) {
    const char c = text[end];
    if (IsOf(c, kClassAlnum)) {
      letters[size++] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    } else if ((c != ' ' && c != '-') || size < 4 || !IsOf(text[end - 1], kClassAlnum)) {
      return at;
    }
    ++end;
  }
  const bool goes_on = end < text.size() && IsOf(text[end], kClassAlnum);
  return size == length && !goes_on && IsIban({letters.data(), size}) ? end : at;
}

// STEAM_0:1:4711 at `at`, or [U:1:4711] with its bracket before.
std::size_t EndOfSteamId(std::string_view text, std::size_t at) {
  const auto digits = [&](std::size_t from) {
    std::size_t end = from;
    while (end < text.size() && end - from < 12 && IsDigit(text[end]))
      ++end;
    return end;
  };
  const std::string_view rest = text.substr(at);
  if (rest.size() > 10 && rest.starts_with("STEAM_") && IsDigit(rest[6]) && rest[7] == ':' &&
      IsDigit(rest[8]) && rest[9] == ':') {
    const std::size_t end = digits(at + 10);
    return end > at + 10 ? end : at;
  }
  if (rest.starts_with("U:1:") && at > 0 && text[at - 1] == '[') {
    const std::size_t end = digits(at + 4);
    return end > at + 4 && end < text.size() && text[end] == ']' ? end : at;
  }
  return at;
}

const KeyForms& Keys() {
  static const KeyForms kKeys;
  return kKeys;
}

// One walk over a text.
class Walk {
 public:
  Walk(std::string_view text, PiiKinds kinds, std::vector<PiiFinding>& out)
      : text_(text), kinds_(kinds), findings_(out), out_(out) {}

  void Run() {
    std::size_t at = 0;
    while (at < text_.size()) {
      const std::uint8_t classes = kByteClasses[static_cast<unsigned char>(text_[at])];
      if ((classes & kClassAlnum) != 0) {
        at = AtWord(at);
      } else if ((classes & kClassSpecial) != 0) {
        at = AtSpecial(at);
      } else {
        ++at;
      }
    }
  }

 private:
  // A run of letters and digits begins at `at`. Returns where to go on.
  std::size_t AtWord(std::size_t at) {
    std::uint8_t all = 0xff;
    std::uint8_t any = 0;
    std::size_t end = at;
    do {
      const std::uint8_t classes = kByteClasses[static_cast<unsigned char>(text_[end])];
      all &= classes;
      any |= classes;
      ++end;
    } while (end < text_.size() && IsOf(text_[end], kClassAlnum));

    const std::size_t size = end - at;
    if ((any & kClassLetter) != 0) {
      if (const std::size_t secret_end = SecretAt(at); secret_end > at) return secret_end;
    }
    if ((any & kClassDigit) == 0) words_.Note(text_.substr(at, size), end);
    const char next = end < text_.size() ? text_[end] : '\0';
    if ((all & kClassHex) != 0) {
      if (size == 8 && next == '-' && kinds_.Has(PiiKind::kUuid)) {
        bool is_nil = false;
        const std::size_t uuid = EndOfUuid(text_, at, is_nil);
        if (uuid > at) return is_nil ? uuid : Take(PiiKind::kUuid, at, uuid);
      }
      if (size <= 4 && (next == ':' || (next == '-' && size == 2))) {
        if (const std::size_t address = AddressAt(at, next); address > at) return address;
      }
      if ((all & kClassDigit) != 0) return FindInDigits(text_, at, words_, kinds_, out_);
    }
    if ((any & kClassLetter) != 0 && (any & kClassDigit) != 0) MixedWord(at, end);
    return mixed_end_ > end ? mixed_end_ : end;
  }

  std::size_t SecretAt(std::size_t at) {
    const char c = text_[at];
    if (kinds_.Has(PiiKind::kJwt) && c == 'e' && at + 2 < text_.size() && text_[at + 1] == 'y') {
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
    if (is_somebodys && kinds_.Has(PiiKind::kIp)) return Take(PiiKind::kIp, at, end);
    return end;
  }

  // Letters and digits in one word: an account, or a number behind letters.
  void MixedWord(std::size_t at, std::size_t end) {
    mixed_end_ = 0;
    const auto is_upper = [&](std::size_t i) { return text_[i] >= 'A' && text_[i] <= 'Z'; };
    if (kinds_.Has(PiiKind::kIban) && end - at >= 4 && is_upper(at) && is_upper(at + 1) &&
        IsDigit(text_[at + 2]) && IsDigit(text_[at + 3])) {
      if (const std::size_t iban = EndOfIban(text_, at); iban > at) {
        mixed_end_ = Take(PiiKind::kIban, at, iban);
        return;
      }
    }
    if (end - at < kHiddenDigitsMin) return;
    for (std::size_t i = at; i < end; ++i) {
      if (!IsDigit(text_[i])) continue;
      std::size_t digits_end = i;
      while (digits_end < end && IsDigit(text_[digits_end]))
        ++digits_end;
      if (digits_end - i >= kHiddenDigitsMin)
        static_cast<void>(FindInDigits(text_.substr(0, digits_end), i, words_, kinds_, out_));
      i = digits_end;
    }
  }

  std::size_t AtSpecial(std::size_t at) {
    const char c = text_[at];
    if (c == '@') {
      PiiFinding found;
      if (!kinds_.Has(PiiKind::kEmail) || !FindEmail(text_, at, found)) return at + 1;
      findings_.Add(found);
      return found.end;
    }
    if (c == '-') {
      if (!kinds_.Has(PiiKind::kKey) || at + 10 >= text_.size() || text_[at + 1] != '-' ||
          text_[at + 5] != 'B')
        return at + 1;
      const std::size_t end = EndOfPrivateKey(text_, at);
      return end > at ? Take(PiiKind::kKey, at, end) : at + 1;
    }
    if (c == ':' && at + 1 < text_.size() && text_[at + 1] == ':' &&
        (at == 0 || !IsOf(text_[at - 1], kClassAlnum))) {
      bool is_somebodys = false;
      const std::size_t end = EndOfIpv6(text_, at, is_somebodys);
      if (end > at) return is_somebodys && kinds_.Has(PiiKind::kIp) ? Take(PiiKind::kIp, at, end) : end;
    }
    const auto named = FindNamedValue(text_, at);
    if (!named || !kinds_.Has(named->kind)) return at + 1;
    findings_.Add(*named);
    return named->end;
  }

  std::size_t Take(PiiKind kind, std::size_t begin, std::size_t end) {
    findings_.Add({kind, begin, end});
    return end;
  }

  const std::string_view text_;
  const PiiKinds kinds_;
  Findings findings_;
  std::vector<PiiFinding>& out_;
  std::size_t mixed_end_ = 0;
  NumberWords words_;
};

// Findings of two passes as one: the first pass keeps what it has where they overlap.
void Merge(std::vector<PiiFinding>& findings, const std::vector<PiiFinding>& more) {
  const std::size_t first = findings.size();
  for (const PiiFinding& finding : more) {
    const auto begin = findings.begin();
    const auto middle = begin + static_cast<std::ptrdiff_t>(first);
    const auto behind = std::ranges::upper_bound(begin, middle, finding.begin, {}, &PiiFinding::end);
    if (behind == middle || behind->begin >= finding.end) findings.push_back(finding);
  }
  std::ranges::inplace_merge(findings, findings.begin() + static_cast<std::ptrdiff_t>(first), {},
                             &PiiFinding::begin);
}

}  // namespace

struct PiiScanner::Patterns {
  Patterns() : set(RE2::Options(RE2::Quiet), RE2::UNANCHORED) {}
  RE2::Set set;
  std::vector<std::unique_ptr<RE2>> patterns;
};

PiiScanner::PiiScanner(std::unique_ptr<const Patterns> patterns) : patterns_(std::move(patterns)) {}
PiiScanner::~PiiScanner() = default;

Result<std::unique_ptr<const PiiScanner>> PiiScanner::Make(const PiiScannerOptions& options) {
  if (options.player_patterns.size() > kPlayerPatternsMax) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("too many player patterns: got {}, want at most {}",
                                                         options.player_patterns.size(), kPlayerPatternsMax));
  }
  auto patterns = std::make_unique<Patterns>();
  for (const std::string& text : options.player_patterns) {
    auto pattern = std::make_unique<RE2>(text, RE2::Options(RE2::Quiet));
    if (!pattern->ok()) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("player pattern does not compile: {}: {}", pattern->error(), text));
    }
    if (RE2::PartialMatch("", *pattern))
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("player pattern matches the empty text: {}", text));
    std::string error;
    if (patterns->set.Add(text, &error) < 0)
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("player pattern does not compile: {}: {}", error, text));
    patterns->patterns.push_back(std::move(pattern));
  }
  if (!patterns->patterns.empty() && !patterns->set.Compile())
    return Fail(ErrorCode::kInvalidArgument, "player patterns are too large together");
  return std::unique_ptr<const PiiScanner>(new PiiScanner(std::move(patterns)));
}

void PiiScanner::Scan(std::string_view text, PiiKinds kinds, std::vector<PiiFinding>& out) const {
  out.clear();
  const PlainText plain(text);
  ScanPlain(plain.text(), kinds, out);
  for (PiiFinding& finding : out) {
    const std::size_t end = plain.OriginalEndOf(finding.end);
    finding.begin = plain.OriginalOf(finding.begin);
    finding.end = end;
  }
}

void PiiScanner::ScanPlain(std::string_view text, PiiKinds kinds, std::vector<PiiFinding>& out) const {
  Walk(text, kinds, out).Run();
  std::vector<PiiFinding> more;
  if (!patterns_->patterns.empty() && kinds.Has(PiiKind::kPlayerId)) {
    std::vector<int> matching;
    const re2::StringPiece piece(text.data(), text.size());
    if (patterns_->set.Match(piece, &matching)) {
      for (const int index : matching) {
        const RE2& pattern = *patterns_->patterns[static_cast<std::size_t>(index)];
        std::vector<PiiFinding> found;
        re2::StringPiece match;
        for (std::size_t at = 0;
             at < text.size() && pattern.Match(piece, at, text.size(), RE2::UNANCHORED, &match, 1);) {
          const auto begin = static_cast<std::size_t>(match.data() - text.data());
          if (!match.empty()) found.push_back({PiiKind::kPlayerId, begin, begin + match.size()});
          at = begin + std::max<std::size_t>(match.size(), 1);
        }
        Merge(out, found);
      }
    }
  }
  if (kinds.Has(PiiKind::kEntropy)) {
    FindRandomWords(text, more);
    if (!more.empty()) Merge(out, more);
  }
}

bool PiiScanner::Finds(std::string_view text, PiiKinds kinds, PiiFinding& first) const {
  std::vector<PiiFinding> findings;
  Scan(text, kinds, findings);
  if (findings.empty()) return false;
  first = findings.front();
  return true;
}

std::string Redact(std::string_view text, const std::vector<PiiFinding>& findings, std::size_t bytes_max) {
  std::string out;
  const auto append = [&](std::string_view piece) {
    std::size_t size = std::min(piece.size(), bytes_max - out.size());
    while (size > 0 && size < piece.size() && (static_cast<unsigned char>(piece[size]) & 0xc0U) == 0x80)
      --size;
    out += piece.substr(0, size);
  };
  std::size_t at = 0;
  for (const PiiFinding& finding : findings) {
    append(text.substr(at, finding.begin - at));
    append("[");
    append(PiiKindName(finding.kind));
    append("]");
    at = finding.end;
  }
  append(text.substr(at));
  return out;
}

}  // namespace tickscope::guard
