// Linters: one function a kind of file. Each appends what it finds and stops at nothing but the bounds of the parsers.
//
// Threads   Free functions without state.
#pragma once

#include <string>
#include <string_view>

#include "lint/finding.h"
#include "lint/known_metrics.h"
#include "schema/schema.h"
#include "wire/exposition.h"

namespace tickscope::lint {

/// A file to lint; `name` is what findings say.
struct SourceFile {
  std::string name;
  std::string text;
};

/// A schema (schema/schema_reader.h).
void LintSchema(const SourceFile& file, Findings& findings);

/// Notes the metrics that a rule file records, so that rules and dashboards may use them.
void NoteRecorded(const SourceFile& file, KnownMetrics& known);

/// A Prometheus rule file: its form as Prometheus takes it (aliases too, only the first document), expressions, templates,
/// duplicates, and what expressions and templates ask for.
void LintRules(const SourceFile& file, const KnownMetrics& known, Findings& findings);

/// A dashboard: our own form, Grafana's, or Perses'. Variables stand for anything.
void LintDashboard(const SourceFile& file, const KnownMetrics& known, Findings& findings);

/// How an exposition is judged.
struct ExpositionLintOptions {
  wire::ExpositionFormat format = wire::ExpositionFormat::kOpenMetrics;  ///< One of the two texts.
  wire::ExpositionMode mode = wire::ExpositionMode::kStrict;
};

/// OpenMetrics for a body with an "# EOF" line, which that format must have; else the text format 0.0.4.
[[nodiscard]] wire::ExpositionFormat GuessExpositionFormat(std::string_view body);

/// What a target answers to a scrape. The verdict on its form is the parser's, and ends at the first mistake: what follows one
/// has no certain meaning. With a schema, each series up to there is held to it; `known` may be without one.
void LintExposition(const SourceFile& file, const ExpositionLintOptions& options, const KnownMetrics& known,
                    Findings& findings);

}  // namespace tickscope::lint
