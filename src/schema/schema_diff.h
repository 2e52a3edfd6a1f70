// SchemaDiff: what changed between two schemas, and which of it breaks somebody.
//
// A change is breaking when a query, a rule or a dashboard that was right may now answer otherwise or not at all, or when a
// target that sent what the old schema admits is now refused:
//
//   metric     removed; another type or unit; other classic bounds (le series of two builds cannot be added up); sent less
//              often; a coarser gauge resolution; a lower class (it is shed earlier)
//   label      added or removed, on a metric or on targets; a value removed; values or pattern replaced by what does not take
//              all of the old; a lower budget; no longer optional
//
// All else is compatible: new metrics, values, higher budgets, help texts, owners, a native histogram's scale (a reader merges
// scales). docs/schema.md has the same list for users. A version's major part grows with a breaking change, its minor part with
// a compatible one.
#pragma once

#include <string>
#include <vector>

#include "schema/schema.h"

namespace tickscope::schema {

struct Change {
  bool breaking = false;
  std::string subject;  ///< "game_joins_total", "game_joins_total{reason}", "target label region", "version".
  std::string text;     ///< What changed, old value first.
  config::YamlPosition position;  ///< In the new file; of the old one for what was removed.
};

struct SchemaDiff {
  std::vector<Change> changes;  ///< Breaking ones first, then by subject.
  /// The version that the new schema should have at least.
  SchemaVersion version_wanted;

  [[nodiscard]] bool breaking() const { return !changes.empty() && changes.front().breaking; }
};

[[nodiscard]] SchemaDiff DiffSchemas(const Schema& old_schema, const Schema& new_schema);

}  // namespace tickscope::schema
