#include "lint/linters.h"

#include <fmt/format.h>

#include <utility>

#include "schema/schema_reader.h"

namespace tickscope::lint {

void LintSchema(const SourceFile& file, Findings& findings) {
  schema::SchemaReading reading = schema::InspectSchema(file.text);
  for (schema::Problem& problem : reading.problems) {
    findings.Add({file.name, problem.position,
                  problem.severity == schema::Severity::kError ? Severity::kError : Severity::kWarning,
                  "schema-" + problem.rule, std::move(problem.text)});
  }
  if (reading.unreported > 0) {
    findings.Add({file.name,
                  {},
                  Severity::kError,
                  "schema-more",
                  fmt::format("{} more problems: mend these first", reading.unreported)});
  }
}

}  // namespace tickscope::lint
