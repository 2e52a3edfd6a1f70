#include "guard/secret_forms.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

#include "base/check.h"
#include "guard/text_class.h"

namespace tickscope::guard {
namespace {

// Longest word looked at as one key.
constexpr std::size_t kKeyBytesMax = 256;
constexpr std::size_t kJwtBytesMax = 16'384;
constexpr std::size_t kJwtHeaderBytesMax = 512;

struct KeyForm {
  std::string_view start;  // Four bytes; '?' is any.
  const char* pattern;
};
constexpr KeyForm kKeyForms[] = {
    {"AKIA", "AKIA[0-9A-Z]{16}"},
    {"ASIA", "ASIA[0-9A-Z]{16}"},
    {"AIza", "AIza[0-9A-Za-z_-]{35}"},
    {"ghp_", "ghp_[0-9A-Za-z]{36,}"},
    {"gho_", "gho_[0-9A-Za-z]{36,}"},
    {"ghu_", "ghu_[0-9A-Za-z]{36,}"},
    {"ghs_", "ghs_[0-9A-Za-z]{36,}"},
    {"ghr_", "ghr_[0-9A-Za-z]{36,}"},
    {"gith", "github_pat_[0-9A-Za-z_]{22,}"},
    {"glpa", "glpat-[0-9A-Za-z_-]{20,}"},
    {"xox?", "xox[abeoprs]-[0-9A-Za-z-]{10,}"},
    {"xapp", "xapp-[0-9A-Za-z-]{10,}"},
    {"sk_l", "sk_live_[0-9A-Za-z]{16,}"},
    {"sk_t", "sk_test_[0-9A-Za-z]{16,}"},
    {"rk_l", "rk_live_[0-9A-Za-z]{16,}"},
    {"rk_t", "rk_test_[0-9A-Za-z]{16,}"},
    {"whse", "whsec_[0-9A-Za-z+/=]{16,}"},
    {"npm_", "npm_[0-9A-Za-z]{36}"},
    {"pypi", "pypi-[0-9A-Za-z_-]{16,}"},
    {"ya29", "ya29\\.[0-9A-Za-z_-]{20,}"},
    {"SG.?", "SG\\.[0-9A-Za-z_-]{16,}\\.[0-9A-Za-z_-]{16,}"},
    {"sk-a", "sk-ant-[0-9A-Za-z_-]{20,}"},
    {"sk-p", "sk-proj-[0-9A-Za-z_-]{20,}"},
    {"dop_", "dop_v1_[0-9a-f]{64}"},
    {"hf_?", "hf_[0-9A-Za-z]{30,}"},
};

bool IsKeyByte(char c) {
  return IsOf(c, kClassToken) || c == '.';
}

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-' || c == '+') return 62;
  return c == '_' || c == '/' ? 63 : -1;
}

std::string DecodeBase64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = Base64Value(c);
    if (value < 0) return {};
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU));
  }
  return out;
}

bool IsBase64UrlByte(char c) {
  return IsOf(c, kClassAlnum) || c == '-' || c == '_';
}

double EntropyBits(std::string_view word) {
  std::array<std::uint32_t, 128> counts{};
  for (const char c : word)
    ++counts[static_cast<unsigned char>(c) & 0x7fU];
  double bits = 0;
  const auto size = static_cast<double>(word.size());
  for (const std::uint32_t count : counts) {
    if (count > 0) bits -= count / size * std::log2(count / size);
  }
  return bits;
}

bool LooksRandom(std::string_view word) {
  constexpr std::size_t kWordMin = 20;
  if (word.size() < kWordMin || IsToken(word)) return false;
  std::size_t digits = 0;
  std::size_t upper = 0;
  std::size_t lower = 0;
  std::size_t hex = 0;
  std::size_t breaks = 0;  // Between a letter and a digit, or of case within a word.
  std::size_t separators = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_upper = c >= 'A' && c <= 'Z';
    digits += IsDigit(c) ? 1U : 0U;
    upper += is_upper ? 1U : 0U;
    lower += is_lower ? 1U : 0U;
    hex += IsOf(c, kClassHex) ? 1U : 0U;
    if (!IsOf(c, kClassAlnum)) ++separators;
    if (i == 0) continue;
    const char p = word[i - 1];
    const bool digit_edge = IsDigit(c) != IsDigit(p) && IsOf(c, kClassAlnum) && IsOf(p, kClassAlnum);
    const bool case_edge = is_upper && p >= 'a' && p <= 'z';
    breaks += digit_edge || case_edge ? 1U : 0U;
  }
  // Names are words with separators and a number here and there; what is random changes its kind all the time.
  if (separators * 6 > word.size()) return false;
  if (hex == word.size() && digits > 0 && digits < word.size())
    return EntropyBits(word) >= 3.0 && breaks >= 4;
  if (digits == 0 && (upper == 0 || lower == 0)) return false;
  return breaks * 6 >= word.size() && EntropyBits(word) >= 3.5;
}

}  // namespace

struct KeyForms::Compiled {
  Compiled() : set(RE2::Options(), RE2::ANCHOR_START) {
    for (const KeyForm& form : kKeyForms) {
      patterns.push_back(std::make_unique<RE2>(form.pattern));
      TICKSCOPE_CHECK(patterns.back()->ok() && set.Add(form.pattern, nullptr) >= 0);
    }
    TICKSCOPE_CHECK(set.Compile());
  }
  RE2::Set set;
  std::vector<std::unique_ptr<RE2>> patterns;
};

KeyForms::KeyForms() : compiled_(std::make_unique<Compiled>()) {}
KeyForms::~KeyForms() = default;

std::size_t KeyForms::EndOfKey(std::string_view text, std::size_t at) const {
  if (text.size() - at < 16) return at;
  const auto starts = [&](const KeyForm& form) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (form.start[i] != '?' && form.start[i] != text[at + i]) return false;
    }
    return true;
  };
  static_assert(std::ranges::all_of(kKeyForms, [](const KeyForm& form) {
    for (std::size_t i = 0; i < kSecretStarts.size(); i += 2) {
      if (kSecretStarts.substr(i, 2) == form.start.substr(0, 2)) return true;
    }
    return false;
  }));
  if (!MayBeginSecret(text[at], text[at + 1]) || std::ranges::none_of(kKeyForms, starts)) return at;
  std::size_t end = at;
  while (end < text.size() && end - at < kKeyBytesMax && IsKeyByte(text[end]))
    ++end;
  const re2::StringPiece word(text.data() + at, end - at);
  std::vector<int> matching;
  if (!compiled_->set.Match(word, &matching)) return at;
  std::size_t longest = at;
  for (const int index : matching) {
    re2::StringPiece found;
    if (compiled_->patterns[static_cast<std::size_t>(index)]->Match(word, 0, word.size(), RE2::ANCHOR_START,
                                                                    &found, 1))
      longest = std::max(longest, at + found.size());
  }
  return longest;
}

std::size_t EndOfPrivateKey(std::string_view text, std::size_t at) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kKind = "PRIVATE KEY-----";
  constexpr std::size_t kNameMax = 32;
  if (!text.substr(at).starts_with(kBegin)) return at;
  const std::string_view head = text.substr(at, kBegin.size() + kNameMax + kKind.size());
  if (head.find(kKind) == std::string_view::npos) return at;
  const std::size_t end = text.find("-----END ", at);
  if (end == std::string_view::npos) return text.size();
  const std::size_t tail = text.find("-----", end + kBegin.size());
  return tail == std::string_view::npos ? text.size() : tail + 5;
}

std::size_t EndOfJwt(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("eyJ")) return at;
  // The header first: what is none is not read further.
  std::size_t header_end = at;
  while (header_end < text.size() && header_end - at < kJwtHeaderBytesMax &&
         IsBase64UrlByte(text[header_end]))
    ++header_end;
  if (header_end + 1 >= text.size() || text[header_end] != '.' || !IsBase64UrlByte(text[header_end + 1]))
    return at;
  const std::string header = DecodeBase64(text.substr(at, header_end - at));
  const std::size_t alg = header.find("\"alg\"");
  const bool is_header = header.starts_with('{') && header.find('}') != std::string::npos &&
                         alg != std::string::npos && header.find(':', alg) != std::string::npos;
  if (!is_header) return at;
  std::size_t end = header_end;
  while (end < text.size() && end - at < kJwtBytesMax &&
         (IsBase64UrlByte(text[end]) ||
          (text[end] == '.' && end + 1 < text.size() && IsBase64UrlByte(text[end + 1]))))
    ++end;
  return end;
}

bool IsToken(std::string_view word) {
  const std::size_t underscore = word.find('_');
  if (underscore == std::string_view::npos || underscore > 4) return false;
  const std::string_view prefix = word.substr(0, underscore);
  bool is_prefix = false;
  for (std::size_t i = 0; i < kPiiKinds; ++i)
    is_prefix = is_prefix || PiiKindPrefix(static_cast<PiiKind>(i)) == prefix;
  if (!is_prefix) return false;
  const std::size_t epoch = word.find('_', underscore + 1);
  if (epoch == std::string_view::npos || epoch == underscore + 1) return false;
  const std::size_t body = word.find('_', epoch + 1);
  if (body == std::string_view::npos || body == epoch + 1 || word.size() - body < 26) return false;
  const bool is_epoch = std::ranges::all_of(word.substr(epoch + 1, body - epoch - 1), IsDigit);
  return is_epoch && std::ranges::all_of(word.substr(body + 1), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7') || c == '_';
         });
}

void FindRandomWords(std::string_view text, std::vector<PiiFinding>& out) {
  for (std::size_t at = 0; at < text.size();) {
    if (!IsOf(text[at], kClassToken)) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && IsOf(text[end], kClassToken))
      ++end;
    // Parts of a path are names of their own.
    for (std::size_t begin = at; begin < end;) {
      // Within the word: a search to the end of the text, from each word, would be quadratic.
      const std::size_t slash =
          begin + std::min(text.substr(begin, end - begin).find_first_of("/="), end - begin);
      if (LooksRandom(text.substr(begin, slash - begin))) out.push_back({PiiKind::kEntropy, begin, slash});
      begin = slash + 1;
    }
    at = end;
  }
}

}  // namespace tickscope::guard
