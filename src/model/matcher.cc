#include "model/matcher.h"

#include <algorithm>

namespace tickscope {

std::string_view MatchTypeText(MatchType type) {
  switch (type) {
    case MatchType::kEqual:
      return "=";
    case MatchType::kNotEqual:
      return "!=";
    case MatchType::kRegex:
      return "=~";
    case MatchType::kNotRegex:
      return "!~";
  }
  std::unreachable();
}

Result<Matcher> Matcher::Make(MatchType type, std::string_view name, std::string_view value) {
  Matcher matcher(type, name, value);
  if (type == MatchType::kRegex || type == MatchType::kNotRegex) {
    TICKSCOPE_ASSIGN_OR_RETURN(matcher.regex_, ValueRegex::Make(value));
  }
  matcher.matches_empty_ = matcher.Matches("");
  return matcher;
}

Matcher Matcher::Equal(std::string_view name, std::string_view value) {
  Matcher matcher(MatchType::kEqual, name, value);
  matcher.matches_empty_ = value.empty();
  return matcher;
}

bool Matcher::Matches(std::string_view value) const {
  switch (type_) {
    case MatchType::kEqual:
      return value == value_;
    case MatchType::kNotEqual:
      return value != value_;
    case MatchType::kRegex:
      return regex_->Matches(value);
    case MatchType::kNotRegex:
      return !regex_->Matches(value);
  }
  std::unreachable();
}

const std::vector<std::string>& Matcher::literals() const {
  static const std::vector<std::string> kNone;
  return regex_ != nullptr ? regex_->literals() : kNone;
}

const std::pair<std::string, std::string>& Matcher::value_range() const {
  static const std::pair<std::string, std::string> kUnknown;
  return regex_ != nullptr ? regex_->range() : kUnknown;
}

std::string Matcher::ToString() const {
  std::string out = IsClassicLabelName(name_) ? name_ : '"' + name_ + '"';
  out += MatchTypeText(type_);
  out += '"';
  for (const char c : value_) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

bool MatchesAll(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& m) { return m.Matches(labels.Get(m.name())); });
}

}  // namespace tickscope
