// tickscope lint: checks files before they are used, in an editor, a Git hook or CI.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "io/posix_file_system.h"
#include "lint/finding.h"
#include "lint/linters.h"
#include "lint/private_data.h"
#include "roles/commands.h"
#include "schema/schema_reader.h"

namespace tickscope::roles {
namespace {

// Each kind of file has its parser's own, lower limit.
constexpr std::uint64_t kFileBytesMax = 64ULL << 20;

struct LintArguments {
  std::vector<std::string> files;
  std::string schema;
  std::string format = "text";
  std::string mode = "strict";
  std::string as = "auto";
  bool strict = false;
  std::vector<std::string> rules;  // Whose recorded metrics dashboards may use.
};

Result<std::string> ReadText(const std::string& file) {
  if (file == "-") {
    std::string text;
    char buffer[1 << 16];
    while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, stdin)) {
      if (text.size() + size > kFileBytesMax)
        return Fail(ErrorCode::kOutOfRange, fmt::format("standard input has over {} bytes", kFileBytesMax));
      text.append(buffer, size);
    }
    return text;
  }
  const auto fs = io::MakePosixFileSystem();
  return io::ReadWholeFile(*fs, file, kFileBytesMax);
}

// The files that can be read; for the others a finding.
std::vector<lint::SourceFile> ReadFiles(const std::vector<std::string>& names, lint::Findings& findings) {
  std::vector<lint::SourceFile> files;
  for (const std::string& name : names) {
    auto text = ReadText(name);
    const std::string shown = name == "-" ? "<stdin>" : name;
    if (text) {
      files.push_back({shown, *std::move(text)});
    } else {
      findings.Add({shown, {}, lint::Severity::kError, "file", text.error().message});
    }
  }
  return files;
}

void LintExpositions(const LintArguments& arguments, const std::vector<lint::SourceFile>& files,
                     const lint::KnownMetrics& known, lint::Findings& findings) {
  for (const lint::SourceFile& file : files) {
    lint::ExpositionLintOptions options;
    options.mode = arguments.mode == "scrape" ? wire::ExpositionMode::kScrape : wire::ExpositionMode::kStrict;
    options.format = arguments.as == "openmetrics" ? wire::ExpositionFormat::kOpenMetrics
                     : arguments.as == "text"      ? wire::ExpositionFormat::kText
                                                   : lint::GuessExpositionFormat(file.text);
    lint::LintExposition(file, options, known, findings);
  }
}

Result<int> Lint(const std::string& what, const LintArguments& arguments) {
  TICKSCOPE_ASSIGN_OR_RETURN(const lint::ReportFormat format, lint::ParseReportFormat(arguments.format));
  std::optional<schema::Schema> schema;
  if (!arguments.schema.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string text, ReadText(arguments.schema));
    TICKSCOPE_ASSIGN_OR_RETURN(schema, schema::ReadSchema(text, arguments.schema));
  }
  lint::Findings findings;
  lint::KnownMetrics known(schema ? &*schema : nullptr);
  const std::vector<lint::SourceFile> files = ReadFiles(arguments.files, findings);
  for (const lint::SourceFile& rules : ReadFiles(arguments.rules, findings))
    lint::NoteRecorded(rules, known);
  if (what == "rules") {
    for (const lint::SourceFile& file : files)
      lint::NoteRecorded(file, known);
  }
  if (what == "exposition") LintExpositions(arguments, files, known, findings);
  for (const lint::SourceFile& file : files) {
    if (what != "exposition") lint::LintPrivateText(file, findings);
    if (what == "schema") lint::LintSchema(file, findings);
    if (what == "rules") lint::LintRules(file, known, findings);
    if (what == "dashboards") lint::LintDashboard(file, known, findings);
  }
  findings.Sort();
  const std::string report = lint::Report(findings, arguments.files.size(), format);
  std::fwrite(report.data(), 1, report.size(), stdout);
  return findings.errors() > 0 || (arguments.strict && findings.warnings() > 0) ? 1 : 0;
}

}  // namespace

int RunLint(int argc, char** argv) {
  CLI::App app(
      "Checks files before they are used. Exits 0 when there is no error, 1 when there is one (--strict: or "
      "a warning), 2 for "
      "wrong usage or a schema that cannot be read.",
      "tickscope lint");
  app.require_subcommand(1);
  app.footer(
      "  tickscope lint schema schema/game.yaml\n"
      "  tickscope lint rules --schema schema/game.yaml rules/*.yaml\n"
      "  tickscope lint dashboards --schema schema/game.yaml --rules rules/slo.yaml dashboards/*.json\n"
      "  curl -s localhost:9100/metrics | tickscope lint exposition -\n"
      "\n"
      "docs/lint.md explains every rule, and how to use it as a Git hook and in CI.");
  LintArguments arguments;
  const auto add = [&](const char* name, const char* summary) {
    CLI::App* const one = app.add_subcommand(name, summary);
    one->add_option("FILES", arguments.files, "files, - for standard input")->required();
    one->add_option("--format", arguments.format, "text, json or sarif")->capture_default_str();
    one->add_flag("--strict", arguments.strict, "fail for warnings too");
    return one;
  };
  add("schema", "schema files (docs/schema.md)");
  CLI::App* const rules = add("rules", "Prometheus rule files");
  CLI::App* const dashboards = add("dashboards", "dashboards: ours, Grafana's, Perses'");
  CLI::App* const exposition = add("exposition", "what a target answers to a scrape");
  for (CLI::App* const one : {rules, dashboards, exposition})
    one->add_option("--schema", arguments.schema,
                    "schema whose metrics, labels and values are the known ones");
  dashboards->add_option("--rules", arguments.rules, "rule files whose recorded metrics are known too");
  exposition
      ->add_option("--mode", arguments.mode, "strict (the specification) or scrape (what an agent takes)")
      ->check(CLI::IsMember({"strict", "scrape"}))
      ->capture_default_str();
  exposition
      ->add_option("--as", arguments.as,
                   "openmetrics, text (0.0.4) or auto: openmetrics when there is an # EOF")
      ->check(CLI::IsMember({"openmetrics", "text", "auto"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto exit_code = Lint(app.get_subcommands().front()->get_name(), arguments);
  if (exit_code) return *exit_code;
  std::fprintf(stderr, "tickscope lint: %s\n", exit_code.error().message.c_str());
  return 2;
}

}  // namespace tickscope::roles
