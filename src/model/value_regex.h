// Value regex: a regular expression over label values, compiled once and shared by the matchers copied from one.
//
// It matches the whole value ("^(?s:RE)$", RE2 syntax, so linear time and no backreferences). What most queries say is a text
// pattern (model/text_pattern.h) and never compiled. What an index asks besides is worked out when it first asks: parsing a
// query, checking it and looking its answer up in a cache need none of it.
//
// Threads   Thread-safe; what it is never changes.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/text_pattern.h"

namespace re2 {
class RE2;
}

namespace tickscope {

class ValueRegex {
 public:
  /// Errors: kInvalidArgument "error parsing regexp: why" when it does not compile, in Prometheus' words.
  [[nodiscard]] static Result<std::shared_ptr<const ValueRegex>> Make(std::string_view expression);
  ~ValueRegex();
  ValueRegex(const ValueRegex&) = delete;
  ValueRegex& operator=(const ValueRegex&) = delete;

  [[nodiscard]] bool Matches(std::string_view value) const;

  /// As TextPattern::literals.
  [[nodiscard]] const std::vector<std::string>& literals() const;
  /// As TextPattern::Range.
  [[nodiscard]] const std::pair<std::string, std::string>& range() const { return hints().range; }
  /// As NeededTrigrams (model/trigrams.h).
  [[nodiscard]] const std::vector<std::uint64_t>& needed_trigrams() const { return hints().needed_trigrams; }

 private:
  struct Hints {
    std::pair<std::string, std::string> range;
    std::vector<std::uint64_t> needed_trigrams;
  };

  explicit ValueRegex(std::string_view expression);

  [[nodiscard]] const Hints& hints() const {
    std::call_once(hints_once_, [this] { FindHints(); });
    return hints_;
  }
  void FindHints() const;

  const std::string expression_;
  const std::optional<TextPattern> pattern_;
  std::unique_ptr<const re2::RE2> regex_;  // Null when there is a pattern.
  mutable std::once_flag hints_once_;
  mutable Hints hints_;
};

}  // namespace tickscope
