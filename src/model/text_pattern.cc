#include "model/text_pattern.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "model/labels.h"
#include "model/trigrams.h"

namespace tickscope {
namespace {

using Sequence = TextPattern::Sequence;

// Past these one pass of an automaton is cheaper than going through the list.
constexpr std::size_t kLiteralsMax = 256;
constexpr std::size_t kSequencesMax = 16;
// Of all alternatives; groups multiply.
constexpr std::size_t kTextBytesMax = 64 << 10;
constexpr int kGroupDepthMax = 4;

bool IsAsciiPunctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`' && c != '_') ||
         (c >= '{' && c <= '~');
}

// What stands for something else than itself. Closing brackets are not always; who writes those alone can wait for RE2.
bool HasMeaning(char c) {
  return std::string_view("\\.+*?()[]{}^$|").find(c) != std::string_view::npos;
}

// Nothing is said of characters beyond ASCII.
std::uint64_t TrigramsOf(std::string_view text) {
  const std::uint64_t bits = TrigramSignature(text);
  return bits == ~std::uint64_t{0} ? 0 : bits;
}

std::size_t TextBytes(const std::vector<Sequence>& sequences) {
  std::size_t bytes = 0;
  for (const Sequence& sequence : sequences) {
    bytes += sequence.first.size();
    for (const Sequence::Gap& gap : sequence.rest)
      bytes += gap.then.size();
  }
  return bytes;
}

// False when two .+ meet: together they want two characters.
bool Append(const Sequence& more, Sequence& sequence) {
  std::string& end = sequence.rest.empty() ? sequence.first : sequence.rest.back().then;
  end += more.first;
  auto next = more.rest.begin();
  if (next != more.rest.end() && !sequence.rest.empty() && end.empty()) {
    Sequence::Gap& gap = sequence.rest.back();
    if (!gap.may_be_empty && !next->may_be_empty) return false;
    gap = {gap.may_be_empty && next->may_be_empty, next->then};
    ++next;
  }
  sequence.rest.insert(sequence.rest.end(), next, more.rest.end());
  return true;
}

// Recursive descent; nothing is what is no pattern.
class PatternParser {
 public:
  using Sequences = std::optional<std::vector<Sequence>>;

  explicit PatternParser(std::string_view expression) : rest_(expression) {}

  Sequences ParseAll() {
    Sequences all = ParseAlternatives(0);
    return rest_.empty() ? all : std::nullopt;
  }

 private:
  // Up to the end or a closing parenthesis.
  Sequences ParseAlternatives(int depth) {
    std::vector<Sequence> all;
    while (true) {
      Sequences one = ParseConcatenation(depth);
      if (!one) return std::nullopt;
      std::ranges::move(*one, std::back_inserter(all));
      if (all.size() > kLiteralsMax) return std::nullopt;
      if (!Take("|")) return all;
    }
  }

  Sequences ParseConcatenation(int depth) {
    std::vector<Sequence> sequences(1);
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      const Sequences item = ParseItem(depth);
      if (!item || !Multiply(*item, sequences)) return std::nullopt;
    }
    return sequences;
  }

  Sequences ParseItem(int depth) {
    if (Take(".*")) return Gap(/*may_be_empty=*/true);
    if (Take(".+")) return Gap(/*may_be_empty=*/false);
    if (Take("(")) {
      Take("?:");
      if (depth == kGroupDepthMax) return std::nullopt;
      Sequences group = ParseAlternatives(depth + 1);
      if (!Take(")")) return std::nullopt;
      return group;
    }
    Sequence text;
    while (!rest_.empty()) {
      const bool is_escaped = rest_.size() > 1 && rest_[0] == '\\' && IsAsciiPunctuation(rest_[1]);
      if (!is_escaped && HasMeaning(rest_.front())) break;
      if (is_escaped) rest_.remove_prefix(1);
      text.first += rest_.front();
      rest_.remove_prefix(1);
    }
    if (text.first.empty()) return std::nullopt;
    return std::vector<Sequence>{std::move(text)};
  }

  static Sequences Gap(bool may_be_empty) {
    return std::vector<Sequence>{{.first = {}, .rest = {{may_be_empty, {}}}}};
  }

  static bool Multiply(const std::vector<Sequence>& items, std::vector<Sequence>& sequences) {
    const std::size_t count = items.size() * sequences.size();
    if (count > kLiteralsMax) return false;
    if (TextBytes(items) * sequences.size() + TextBytes(sequences) * items.size() > kTextBytesMax)
      return false;
    std::vector<Sequence> product;
    product.reserve(count);
    for (const Sequence& sequence : sequences) {
      for (const Sequence& item : items) {
        product.push_back(sequence);
        if (!Append(item, product.back())) return false;
      }
    }
    sequences = std::move(product);
    return true;
  }

  bool Take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<TextPattern> TextPattern::Parse(std::string_view expression) {
  if (!IsValidUtf8(expression)) return std::nullopt;
  auto sequences = PatternParser(expression).ParseAll();
  if (!sequences) return std::nullopt;
  TextPattern pattern;
  const bool has_gaps =
      std::ranges::any_of(*sequences, [](const Sequence& sequence) { return !sequence.rest.empty(); });
  if (has_gaps) {
    if (sequences->size() > kSequencesMax) return std::nullopt;
    pattern.sequences_ = *std::move(sequences);
    return pattern;
  }
  for (Sequence& sequence : *sequences)
    pattern.literals_.push_back(std::move(sequence.first));
  std::ranges::sort(pattern.literals_);
  const auto repeated = std::ranges::unique(pattern.literals_);
  pattern.literals_.erase(repeated.begin(), repeated.end());
  return pattern;
}

bool TextPattern::Sequence::Matches(std::string_view value) const {
  if (rest.empty()) return value == first;
  if (!value.starts_with(first)) return false;
  value.remove_prefix(first.size());
  const auto skip_least = [&value](const Gap& gap) {
    if (gap.may_be_empty) return true;
    if (value.empty()) return false;
    value.remove_prefix(1);
    return true;
  };
  for (const Gap& gap : std::span(rest).first(rest.size() - 1)) {
    if (!skip_least(gap)) return false;
    const std::size_t found = value.find(gap.then);
    if (found == std::string_view::npos) return false;
    value.remove_prefix(found + gap.then.size());
  }
  return skip_least(rest.back()) && value.ends_with(rest.back().then);
}

bool TextPattern::Matches(std::string_view value) const {
  if (!literals_.empty()) return std::ranges::binary_search(literals_, value);
  return std::ranges::any_of(sequences_,
                             [value](const Sequence& sequence) { return sequence.Matches(value); });
}

std::pair<std::string, std::string> TextPattern::Range() const {
  std::pair<std::string, std::string> range;
  for (const Sequence& sequence : sequences_) {
    if (sequence.first.empty()) return {};
    // No text that begins so is greater than the same with its last byte, which in UTF-8 is never the greatest, one up.
    std::string last = sequence.first;
    last.back() = static_cast<char>(static_cast<unsigned char>(last.back()) + 1);
    const bool is_first = range.second.empty();
    if (is_first || sequence.first < range.first) range.first = sequence.first;
    if (is_first || last > range.second) range.second = std::move(last);
  }
  return range;
}

std::vector<std::uint64_t> TextPattern::NeededTrigrams() const {
  std::vector<std::uint64_t> needed;
  for (const Sequence& sequence : sequences_) {
    std::uint64_t bits = TrigramsOf(sequence.first);
    for (const Sequence::Gap& gap : sequence.rest)
      bits |= TrigramsOf(gap.then);
    if (bits == 0) return {};
    needed.push_back(bits);
  }
  return needed;
}

}  // namespace tickscope
