// Variables: a dashboard's query with each variable replaced by something that parses, and the way back to the query's own bytes.
//
//   rate(a{region=~"$region"}[$__rate_interval]) > $limit
//   rate(a{region=~"tickscope_any"}[5m]) > 1            the second form tried, after tickscope_any in its place
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tickscope::lint {

/// What a variable outside of brackets and quotes stands for; which one is right is only known by parsing.
enum class VariableForm : std::uint8_t { kWord, kNumber, kDuration };

struct Substituted {
  std::string text;
  bool has_free_variables = false;  ///< Some stand outside of brackets and quotes: another form may parse.
  /// Byte of the original for a byte of `text`: the variable's start for what replaced it.
  [[nodiscard]] std::size_t OriginalOffset(std::size_t offset) const;
  /// (byte of text, byte of original) where they go on together; ascending.
  std::vector<std::pair<std::size_t, std::size_t>> marks;
};

[[nodiscard]] Substituted SubstituteVariables(std::string_view query, VariableForm form);

}  // namespace tickscope::lint
