#include "model/trigrams.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <string>

namespace tickscope {
namespace {

constexpr std::uint64_t kAllBits = ~std::uint64_t{0};

// Beyond this many alternatives comparing costs as much as matching.
constexpr std::size_t kNeededMax = 64;

}  // namespace

std::uint64_t TrigramSignature(std::string_view text) {
  std::uint64_t signature = 0;
  std::uint32_t trigram = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) return kAllBits;
    if (c >= 'A' && c <= 'Z') c = static_cast<unsigned char>(c + ('a' - 'A'));
    trigram = (trigram << 8 | c) & 0xff'ffffU;
    // The high bits of a multiplication by 2^32 / golden ratio are well mixed.
    if (i >= 2) signature |= std::uint64_t{1} << ((trigram * 2654435769U) >> 26);
  }
  return signature;
}

std::vector<std::uint64_t> NeededTrigrams(std::string_view expression) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_dot_nl(true);
  options.set_max_mem(4 << 20);
  re2::FilteredRE2 filter(3);
  int id = 0;
  std::vector<std::string> literals;
  if (filter.Add(re2::StringPiece(expression.data(), expression.size()), options, &id) != re2::RE2::NoError)
    return {};
  filter.Compile(&literals);
  if (literals.empty() || literals.size() > kNeededMax) return {};
  std::vector<int> without_any;
  filter.AllPotentials({}, &without_any);
  if (!without_any.empty()) return {};
  // Whatever matches has one of the literals, though which combinations it takes is not looked at.
  std::vector<std::uint64_t> needed;
  for (const std::string& literal : literals) {
    const std::uint64_t bits = TrigramSignature(literal);
    if (bits == kAllBits) return {};
    needed.push_back(bits);
  }
  return needed;
}

}  // namespace tickscope
