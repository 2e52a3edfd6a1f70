#include "lint/variables.h"

#include <algorithm>

#include "lint/expression_check.h"

namespace tickscope::lint {
namespace {

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Bytes of the variable that `text` begins with, 0 for none.
std::size_t VariableLength(std::string_view text) {
  if (text.starts_with("${")) {
    const std::size_t close = text.find('}');
    return close == std::string_view::npos || close == 2 ? 0 : close + 1;
  }
  if (text.starts_with("[[")) {
    const std::size_t close = text.find("]]");
    // [[1m:1s]... is no PromQL either, so what is in double brackets is a variable when it is a name.
    if (close == std::string_view::npos || close == 2) return 0;
    return std::ranges::all_of(text.substr(2, close - 2), [](char c) { return IsNameChar(c) || c == ':'; })
               ? close + 2
               : 0;
  }
  if (!text.starts_with('$')) return 0;
  std::size_t length = 1;
  while (length < text.size() && IsNameChar(text[length]))
    ++length;
  return length > 1 ? length : 0;
}

std::string_view NameOf(std::string_view variable) {
  std::string_view name = variable.starts_with("${")   ? variable.substr(2, variable.size() - 3)
                          : variable.starts_with("[[") ? variable.substr(2, variable.size() - 4)
                                                       : variable.substr(1);
  return name.substr(0, name.find(':'));
}

std::string_view Replacement(std::string_view variable, char quote, bool in_range, VariableForm form) {
  const std::string_view name = NameOf(variable);
  if (name.starts_with("__") && (name.ends_with("_ms") || name.ends_with("_s"))) return "300";
  if (name == "__interval" || name == "__rate_interval" || name == "__range") return "5m";
  if (quote != '\0') return kAnyWord;
  if (in_range || form == VariableForm::kDuration) return "5m";
  return form == VariableForm::kNumber ? "1" : kAnyWord;
}

}  // namespace

std::size_t Substituted::OriginalOffset(std::size_t offset) const {
  const auto after = std::ranges::upper_bound(marks, offset, {}, &std::pair<std::size_t, std::size_t>::first);
  if (after == marks.begin()) return offset;
  const auto [here, original] = *std::prev(after);
  const std::size_t on = original + (offset - here);
  return after == marks.end() ? on : std::min(on, after->second);
}

Substituted SubstituteVariables(std::string_view query, VariableForm form) {
  Substituted out;
  char quote = '\0';
  int brackets = 0;
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t length = VariableLength(query.substr(at));
    if (length > 0) {
      const std::string_view replacement = Replacement(query.substr(at, length), quote, brackets > 0, form);
      if (quote == '\0' && brackets == 0) out.has_free_variables = true;
      // All of what is put in is the variable's first byte.
      out.marks.emplace_back(out.text.size(), at);
      out.text += replacement;
      at += length;
      out.marks.emplace_back(out.text.size(), at);
      continue;
    }
    const char c = query[at];
    if (quote != '\0') {
      if (c == '\\' && quote != '`' && at + 1 < query.size()) {
        out.text += c;
        ++at;
      } else if (c == quote) {
        quote = '\0';
      }
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '[') {
      ++brackets;
    } else if (c == ']' && brackets > 0) {
      --brackets;
    }
    out.text += query[at];
    ++at;
  }
  return out;
}

}  // namespace tickscope::lint
