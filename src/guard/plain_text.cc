#include "guard/plain_text.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace tickscope::guard {
namespace {

struct Decoded {
  char32_t point = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

Decoded DecodeUtf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  std::size_t size = 0;
  char32_t point = 0;
  if (first >= 0xc2 && first <= 0xdf) {
    size = 2;
    point = first & 0x1fU;
  } else if (first >= 0xe0 && first <= 0xef) {
    size = 3;
    point = first & 0x0fU;
  } else if (first >= 0xf0 && first <= 0xf4) {
    size = 4;
    point = first & 0x07U;
  } else {
    return {};
  }
  if (text.size() < size) return {};
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    point = (point << 6U) | (byte(i) & 0x3fU);
  }
  return {point, size, true};
}

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t kSize>
bool InRanges(const Range (&ranges)[kSize], char32_t point) {
  return std::ranges::any_of(ranges, [&](const Range& r) { return point >= r.first && point <= r.last; });
}

// Soft hyphen, combining marks, joiners, direction and variation marks: nothing of them is seen.
constexpr Range kWidthless[] = {{0xad, 0xad},     {0x300, 0x36f},    {0x61c, 0x61c},   {0x180b, 0x180e},
                                {0x200b, 0x200f}, {0x202a, 0x202e},  {0x2060, 0x206f}, {0xfe00, 0xfe0f},
                                {0xfeff, 0xfeff}, {0xe0000, 0xe0fff}};
constexpr Range kSpaces[] = {{0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029},
                             {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
constexpr Range kDashes[] = {
    {0x2010, 0x2015}, {0x2043, 0x2043}, {0x2212, 0x2212}, {0xfe58, 0xfe58}, {0xfe63, 0xfe63}};

// Zeros of the scripts that count in tens.
constexpr char32_t kZeros[] = {0x660,  0x6f0,  0x7c0,  0x966,  0x9e6,  0xa66,  0xae6,  0xb66,  0xbe6,
                               0xc66,  0xce6,  0xd66,  0xde6,  0xe50,  0xed0,  0xf20,  0x1040, 0x1090,
                               0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
                               0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0};

// U+00C0 to U+017F without their accents; '.' where there is no one letter.
constexpr std::string_view kLatin =
    "AAAAAA.CEEEEIIII.NOOOOO.OUUUUY..aaaaaa.ceeeeiiii.nooooo.ouuuuy."
    "yAaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi"
    "..JjKkkLlLlLlLlLlNnNnNnnNnOoOoOo..RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

struct LookAlike {
  char32_t point;
  char ascii;
};
constexpr LookAlike kLookAlikes[] = {
    {0x391, 'A'},  {0x392, 'B'},  {0x395, 'E'},  {0x396, 'Z'},  {0x397, 'H'},  {0x399, 'I'},  {0x39a, 'K'},
    {0x39c, 'M'},  {0x39d, 'N'},  {0x39f, 'O'},  {0x3a1, 'P'},  {0x3a4, 'T'},  {0x3a5, 'Y'},  {0x3a7, 'X'},
    {0x3b1, 'a'},  {0x3b9, 'i'},  {0x3ba, 'k'},  {0x3bd, 'v'},  {0x3bf, 'o'},  {0x3c1, 'p'},  {0x3c5, 'u'},
    {0x405, 'S'},  {0x406, 'I'},  {0x408, 'J'},  {0x410, 'A'},  {0x412, 'B'},  {0x415, 'E'},  {0x41a, 'K'},
    {0x41c, 'M'},  {0x41d, 'H'},  {0x41e, 'O'},  {0x420, 'P'},  {0x421, 'C'},  {0x422, 'T'},  {0x423, 'Y'},
    {0x425, 'X'},  {0x430, 'a'},  {0x435, 'e'},  {0x43e, 'o'},  {0x440, 'p'},  {0x441, 'c'},  {0x443, 'y'},
    {0x445, 'x'},  {0x455, 's'},  {0x456, 'i'},  {0x458, 'j'},  {0x4bb, 'h'},  {0x501, 'd'},  {0x51b, 'q'},
    {0x51d, 'w'},  {0x589, ':'},  {0x5c3, ':'},  {0x2024, '.'}, {0x2236, ':'}, {0x3002, '.'}, {0xa789, ':'},
    {0xfe52, '.'}, {0xfe55, ':'}, {0xfe6b, '@'}, {0xff61, '.'}};

// The ASCII a character looks like; 0 for none of its width, kForeign for no look-alike.
char PlainOf(char32_t point) {
  if (InRanges(kWidthless, point)) return 0;
  if (InRanges(kSpaces, point)) return ' ';
  if (InRanges(kDashes, point)) return '-';
  if (point >= 0xff01 && point <= 0xff5e) return static_cast<char>(point - 0xfee0);
  if (point >= 0xc0 && point < 0xc0 + kLatin.size())
    return kLatin[point - 0xc0] == '.' ? kForeign : kLatin[point - 0xc0];
  if (point >= 0x1d7ce && point <= 0x1d7ff) return static_cast<char>('0' + (point - 0x1d7ce) % 10);
  if (point >= 0x1d400 && point <= 0x1d6a3) {
    const auto letter = static_cast<int>((point - 0x1d400) % 52);
    return static_cast<char>(letter < 26 ? 'A' + letter : 'a' + letter - 26);
  }
  for (const char32_t zero : kZeros) {
    if (point >= zero && point < zero + 10) return static_cast<char>('0' + (point - zero));
  }
  const auto* const found = std::ranges::lower_bound(kLookAlikes, point, {}, &LookAlike::point);
  return found != std::end(kLookAlikes) && found->point == point ? found->ascii : kForeign;
}

}  // namespace

bool IsAscii(std::string_view text) {
  if (text.empty()) return true;  // It may have no bytes to point to.
  std::uint64_t all = 0;
  std::uint64_t word = 0;
  const auto add = [&](std::size_t at, std::size_t size) {
    std::memcpy(&word, text.data() + at, size);
    all |= word;
  };
  if (text.size() < sizeof(word)) {
    add(0, text.size());
  } else {
    for (std::size_t at = 0; at + sizeof(word) < text.size(); at += sizeof(word))
      add(at, sizeof(word));
    add(text.size() - sizeof(word), sizeof(word));
  }
  return (all & 0x8080808080808080ULL) == 0;
}

PlainText::PlainText(std::string_view original) : plain_(original) {
  if (IsAscii(original)) return;
  made_.reserve(original.size());
  origins_.reserve(original.size() + 1);
  ends_.reserve(original.size());
  for (std::size_t at = 0; at < original.size();) {
    const Decoded decoded = DecodeUtf8(original.substr(at));
    const char plain = !decoded.valid         ? kForeign
                       : decoded.point < 0x80 ? static_cast<char>(decoded.point)
                                              : PlainOf(decoded.point);
    const bool is_seen = plain != 0 || (decoded.valid && decoded.point == 0);
    if (is_seen) {
      made_.push_back(plain);
      origins_.push_back(static_cast<std::uint32_t>(at));
      ends_.push_back(static_cast<std::uint32_t>(at + decoded.bytes));
    }
    at += decoded.bytes;
  }
  origins_.push_back(static_cast<std::uint32_t>(original.size()));
  plain_ = made_;
}

}  // namespace tickscope::guard
