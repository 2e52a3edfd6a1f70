// SchemaReader: a schema file to a Schema, or everything that is wrong with it.
//
//   game.yaml:41:11: error: game_joins: a counter's name ends in _total: call it game_joins_total [counter-suffix]
//
// Two kinds of mistakes, reported together: of form (a key that is not known, a number that is text), and of meaning
// (schema_rules.h). A metric whose form is wrong is left out of the rules, so that one slip is told once.
//
// Threads   Free functions without state.
// Memory    Bounded by yaml_tree.h's limits of the text and schema.h's of the result.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/yaml_tree.h"
#include "schema/schema.h"

namespace tickscope::schema {

enum class Severity : std::uint8_t { kError, kWarning };

/// One thing that is wrong, and what to do about it.
struct Problem {
  config::YamlPosition position;
  Severity severity = Severity::kError;
  std::string rule;  ///< A stable name, "counter-suffix"; docs/lint.md lists them.
  std::string text;
};

/// Most problems kept; `unreported` counts the rest.
inline constexpr std::size_t kProblemsMax = 1'000;

struct SchemaReading {
  Schema schema;                  ///< Keeps S1 to S6 when there is no error among the problems.
  std::vector<Problem> problems;  ///< Sorted by place.
  std::size_t unreported = 0;

  [[nodiscard]] bool ok() const;
};

/// Reads a schema and tells all problems.
[[nodiscard]] SchemaReading InspectSchema(std::string_view text);

/// Reads a schema that must be right; warnings are let pass. `file` is only named in errors.
/// Errors: kInvalidArgument with the first problems, a line each: "file:line:col: what, and what was expected".
[[nodiscard]] Result<Schema> ReadSchema(std::string_view text, std::string_view file);

}  // namespace tickscope::schema
