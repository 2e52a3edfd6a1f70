// Text pattern: a regular expression that needs no automaton: texts with .* and .+ between them, as alternatives.
//
//   eu-.*       .*gateway.*       10\.0\..+       (eu|na)-server-.*       (eu|na|ap)       .+
//
// That is what most expressions of dashboards are, and nearly all that dashboards fill in themselves. Finding out takes less
// than a microsecond where compiling takes some ten, and matching is looking for the texts, in order: the leftmost place of each
// leaves the most room for the rest.
//
// Like all expressions of matchers it speaks of whole values, and a dot is any character, line ends too. Of values that are
// not UTF-8, which are not stored, .* takes every byte.
//
// Threads   Immutable.
// Source    The meaning is RE2's, which a test compares.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tickscope {

class TextPattern {
 public:
  /// The expression as a pattern; nothing when it is not of that form, is not valid, or has so many alternatives that an
  /// automaton does better.
  [[nodiscard]] static std::optional<TextPattern> Parse(std::string_view expression);

  [[nodiscard]] bool Matches(std::string_view value) const;

  /// All it matches, sorted and each once, when that is some texts: no .* and no .+ in it. Else empty.
  [[nodiscard]] const std::vector<std::string>& literals() const { return literals_; }

  /// What it matches lies between these, both inclusive; an empty second one when nothing is known. Of literals nothing.
  [[nodiscard]] std::pair<std::string, std::string> Range() const;

  /// As NeededTrigrams (model/trigrams.h) says it of the expression.
  [[nodiscard]] std::vector<std::uint64_t> NeededTrigrams() const;

  /// One alternative: a text, then gaps each with a text behind it.
  struct Sequence {
    struct Gap {
      bool may_be_empty = true;  ///< .*, else .+
      std::string then;          ///< Never empty but at the end.
    };
    std::string first;
    std::vector<Gap> rest;

    [[nodiscard]] bool Matches(std::string_view value) const;
  };

 private:
  std::vector<std::string> literals_;
  std::vector<Sequence> sequences_;  // Empty when there are literals.
};

}  // namespace tickscope
