// Matcher: one condition of a selector, such as region=~"eu|na".
//
// A regular expression matches the whole value (model/value_regex.h). A missing label is the empty value, so a="" matches
// series without a.
//
// Threads   Immutable; copies share the compiled expression.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "model/trigrams.h"
#include "model/value_regex.h"

namespace tickscope {

enum class MatchType : std::uint8_t { kEqual, kNotEqual, kRegex, kNotRegex };

/// "=", "!=", "=~" or "!~".
[[nodiscard]] std::string_view MatchTypeText(MatchType type);

class Matcher {
 public:
  /// Errors: kInvalidArgument when a regular expression does not compile, naming the reason.
  [[nodiscard]] static Result<Matcher> Make(MatchType type, std::string_view name, std::string_view value);
  /// An equality matcher, which cannot fail.
  [[nodiscard]] static Matcher Equal(std::string_view name, std::string_view value);

  [[nodiscard]] bool Matches(std::string_view value) const;
  [[nodiscard]] bool MatchesEmpty() const { return matches_empty_; }

  [[nodiscard]] MatchType type() const { return type_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& value() const { return value_; }

  /// The texts an expression such as "eu|na|(ap|sa)-1" stands for, sorted; empty when it is not of that form. Lets an index
  /// look values up instead of scanning them.
  [[nodiscard]] const std::vector<std::string>& literals() const;

  /// Values an expression may accept lie in [first, last]; empty texts when nothing is known. Lets an index look at
  /// a range of its sorted values instead of all.
  [[nodiscard]] const std::pair<std::string, std::string>& value_range() const;

  /// False when a text of that signature (model/trigrams.h) cannot match the expression itself, negated or not. Lets an
  /// index pass over most values without running the expression.
  [[nodiscard]] bool MayMatchSignature(std::uint64_t signature) const {
    return regex_ == nullptr || MayMatch(regex_->needed_trigrams(), signature);
  }
  [[nodiscard]] bool needs_trigrams() const {
    return regex_ != nullptr && !regex_->needed_trigrams().empty();
  }

  /// `name="value"`, as a selector writes it.
  [[nodiscard]] std::string ToString() const;

  friend bool operator==(const Matcher& a, const Matcher& b) {
    return a.type_ == b.type_ && a.name_ == b.name_ && a.value_ == b.value_;
  }

 private:
  Matcher(MatchType type, std::string_view name, std::string_view value)
      : type_(type), name_(name), value_(value) {}

  MatchType type_;
  std::string name_;
  std::string value_;
  std::shared_ptr<const ValueRegex> regex_;  // Null when there is nothing to compile.
  bool matches_empty_ = false;
};

/// True when every matcher accepts the series.
[[nodiscard]] bool MatchesAll(const std::vector<Matcher>& matchers, const Labels& labels);

}  // namespace tickscope
