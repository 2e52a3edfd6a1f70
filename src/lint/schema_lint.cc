#include "lint/linters.h"

#include <fmt/format.h>

#include <utility>

#include "lint/expression_check.h"
#include "lint/known_metrics.h"
#include "schema/schema_reader.h"

namespace tickscope::lint {
namespace {

// What an SLI asks, with nothing in its placeholders and with something: both forms must be right.
void LintSli(const SourceFile& file, const schema::Schema& schema, const schema::Sli& sli,
             Findings& findings) {
  const KnownMetrics known(&schema);
  schema::SliPart part{.filter = {}, .window = "5m", .by = {}};
  if (!schema.target_labels.empty()) {
    const std::string& label = schema.target_labels.front().name;
    part.filter = label + "!=\"\"";
    part.by = label;
  }
  for (const schema::SliPart& one : {schema::SliPart{}, part}) {
    const ExpressionCheck check = CheckExpression(schema::SliQuery(sli, one), known);
    for (const ExpressionProblem& problem : check.problems) {
      findings.Add({file.name, sli.position, problem.severity, problem.rule,
                    fmt::format("{}: {}", sli.name, problem.message)});
    }
    if (!check.problems.empty()) return;
  }
}

}  // namespace

void LintSchema(const SourceFile& file, Findings& findings) {
  schema::SchemaReading reading = schema::InspectSchema(file.text);
  for (schema::Problem& problem : reading.problems) {
    findings.Add({file.name, problem.position,
                  problem.severity == schema::Severity::kError ? Severity::kError : Severity::kWarning,
                  "schema-" + problem.rule, std::move(problem.text)});
  }
  if (reading.ok()) {
    for (const schema::Sli& sli : reading.schema.slis)
      LintSli(file, reading.schema, sli, findings);
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
